//! The whole way with serenity's own client: identify, a command, its answer, a button, a modal; and coming back
//! after every way in which a gateway can end.

use super::{App, incident_command};
use crate::fake_discord::{Answer, Discord};
use serde_json::json;
use serenity::all::{
    ActionRowComponent, AutocompleteChoice, ClientBuilder, Context, CreateActionRow, CreateAutocompleteResponse,
    CreateButton, CreateInputText, CreateInteractionResponse, CreateInteractionResponseMessage, CreateModal,
    EditInteractionResponse, EventHandler, GatewayIntents, HttpBuilder, InputTextStyle, Interaction,
};
use serenity::async_trait;
use tokio::task::JoinHandle;

/// A small bot: defers, answers with a button, the button opens a modal, the modal is thanked for.
struct Bot;

#[async_trait]
impl EventHandler for Bot {
    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let http = &context.http;
        match interaction {
            Interaction::Command(command) => {
                command.defer(http).await.expect("deferred");
                let row = CreateActionRow::Buttons(vec![CreateButton::new("ack:1").label("Acknowledge")]);
                let answer = EditInteractionResponse::new().content("Declared").components(vec![row]);
                command.edit_response(http, answer).await.expect("edited");
            }
            Interaction::Autocomplete(typing) => {
                let typed = typing.data.autocomplete().expect("an option is being typed").value.to_string();
                let choice = AutocompleteChoice::new(format!("{typed}…"), typed);
                let offered = CreateInteractionResponse::Autocomplete(
                    CreateAutocompleteResponse::new().set_choices(vec![choice]),
                );
                typing.create_response(http, offered).await.expect("completed");
            }
            Interaction::Component(click) => {
                let input = CreateInputText::new(InputTextStyle::Short, "Reason", "reason").max_length(10);
                let modal =
                    CreateModal::new("ack-form", "Acknowledge").components(vec![CreateActionRow::InputText(input)]);
                click.create_response(http, CreateInteractionResponse::Modal(modal)).await.expect("asked");
            }
            Interaction::Modal(form) => {
                let ActionRowComponent::InputText(reason) = &form.data.components[0].components[0] else {
                    panic!("a text")
                };
                let text = format!("Acknowledged: {}", reason.value.clone().unwrap_or_default());
                let message = CreateInteractionResponseMessage::new().content(text).ephemeral(true);
                form.create_response(http, CreateInteractionResponse::Message(message)).await.expect("thanked");
            }
            _ => {}
        }
    }
}

pub async fn runs(discord: &Discord) -> JoinHandle<()> {
    let base = discord.api_url().trim_end_matches("/api/v10").to_string();
    let id = discord.application_id().into();
    let http = HttpBuilder::new(discord.token()).proxy(base).ratelimiter_disabled(true).application_id(id).build();
    let intents = GatewayIntents::non_privileged() | GatewayIntents::MESSAGE_CONTENT;
    let mut client = ClientBuilder::new_with_http(http, intents).event_handler(Bot).await.expect("a client");
    let running = tokio::spawn(async move { client.start().await.expect("it runs") });
    discord.eventually("serenity has identified", |state| state.sessions.identified == 1).await;
    running
}

#[tokio::test]
async fn serenity_declares_completes_clicks_and_submits() {
    let discord = Discord::start();
    App::of(&discord).registers(incident_command()).await;
    let bot = runs(&discord).await;
    let ana = discord.ana();
    let offered = ana.types("/incident declare", json!({"title": "checkout", "service": "che"}), "service").await;
    assert_eq!(offered[0]["value"], "che");
    let asked =
        ana.runs("/incident declare", json!({"title": "checkout is down", "lead": "@bo", "severity": "P1"})).await;
    let card = asked.message().await;
    assert_eq!(discord.plain(&card), "Declared\n[Acknowledge]");
    assert_eq!(asked.answered().await, Answer::Deferred);
    let clicked = discord.bo().clicks(&card, "Acknowledge").await;
    let thanked = discord.bo().submits(&clicked, json!({"Reason": "on it"})).await;
    assert_eq!(thanked.says().await, "Acknowledged: on it");
    assert!(thanked.is_ephemeral().await);
    assert_eq!(discord.bo().ephemerals().len(), 1);
    assert_eq!(discord.messages("general").len(), 1);
    bot.abort();
    discord.finish().await;
}
