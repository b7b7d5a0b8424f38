"""Judges payloads as two other implementations of Block Kit see them: slack_sdk's models and slackblocks.

    blocks.py FILE…      each file is the JSON of a message, of a view, or of an array of either

Prints what is wrong, with the path, and exits with 1 if anything is. slack_sdk reads each block into its own class and
checks it (`validate_json`); slackblocks builds the texts, buttons and sections again with its own checks of length.
What neither of them looks at is looked at here: the number of blocks, ids that are there twice, an input block without
a button to submit it.
"""

import json
import sys

import slackblocks
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View


def texts(value, path):
    """Every text object with its path."""
    if isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn") and isinstance(value.get("text"), str):
            yield path, value
        for key, inner in value.items():
            yield from texts(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, f"{path}/{index}")


def rebuilt(block):
    """What slackblocks makes of the parts that it knows; it raises where it would not send them."""
    kind = block["type"]
    if kind == "header":
        slackblocks.HeaderBlock(block["text"]["text"])
    elif kind == "section":
        fields = [slackblocks.Text(field["text"]) for field in block.get("fields", [])]
        text = block.get("text")
        made = slackblocks.Text(text["text"]) if text else None
        slackblocks.SectionBlock(text=made, fields=fields or None, block_id=block.get("block_id"))
    elif kind == "context":
        parts = [slackblocks.Text(part["text"]) for part in block["elements"] if part["type"] != "image"]
        slackblocks.ContextBlock(elements=parts)
    elements = list(block.get("elements", [])) if kind == "actions" else []
    elements += [block["accessory"]] if "accessory" in block else []
    for element in elements:
        if element["type"] == "button":
            slackblocks.Button(
                text=element["text"]["text"],
                action_id=element["action_id"],
                value=element.get("value"),
                url=element.get("url"),
                style=element.get("style"),
            )


def ids(block):
    for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]:
        if isinstance(element, dict) and "action_id" in element:
            yield element["action_id"]


def judge(payload, path):
    view = payload.get("type") in ("modal", "home")
    blocks = payload.get("blocks") or []
    most = 100 if view else 50
    if len(blocks) > most:
        yield f"{path}/blocks: {len(blocks)} blocks, at most {most}"
    if not view and not payload.get("text"):
        yield f"{path}: no text for notifications and screen readers"
    if payload.get("type") == "modal" and not payload.get("submit"):
        if any(block.get("type") == "input" for block in blocks):
            yield f"{path}: an input block and no button to submit it"
    seen = set()
    for index, block in enumerate(blocks):
        at = f"{path}/blocks/{index}"
        parsed = Block.parse(block)
        if parsed is None:
            yield f"{at}: slack_sdk does not know this block: {block.get('type')}"
            continue
        try:
            parsed.validate_json()
            rebuilt(block)
        except Exception as error:  # each of the two has exceptions of its own
            yield f"{at}: {type(error).__name__}: {error}"
        if block.get("block_id") in seen and block.get("block_id"):
            yield f"{at}: the block_id {block['block_id']} is there twice"
        seen.add(block.get("block_id"))
        actions = list(ids(block))
        if len(actions) != len(set(actions)):
            yield f"{at}: an action_id is there twice"
    for at, text in texts(blocks, f"{path}/blocks"):
        if not text["text"]:
            yield f"{at}: an empty text"
    if view:
        try:
            View(**payload).validate_json()
        except Exception as error:
            yield f"{path}: {type(error).__name__}: {error}"


def main(files):
    wrong = 0
    for file in files:
        with open(file, encoding="utf-8") as source:
            payload = json.load(source)
        several = payload if isinstance(payload, list) else [payload]
        for index, one in enumerate(several):
            path = file if len(several) == 1 else f"{file}#{index}"
            for line in judge(one, path):
                wrong += 1
                print(line)
    print(f"{len(files)} files judged, {wrong} things wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    raise SystemExit(main(sys.argv[1:]))
