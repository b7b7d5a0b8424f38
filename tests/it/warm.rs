//! What is kept ready for `diagnose`: named when an incident is declared, again after a restart, otherwise when another
//! playbook is followed, and nothing any more once the incident is over or nobody has looked for hours.

use crate::conversation::world::World;
use crate::harness::{BOUND, eventually};
use firebell::app::App;
use firebell::config;
use firebell::engine::ports::BoxFuture;
use firebell::engine::ports::execute::{Bounds, Cannot, Carried, CarryOut, Plan, Watch};
use firebell_domain::decide::Input;
use firebell_domain::limits::SAMPLE_FOR_S;
use firebell_domain::run::{Order, Ordered};
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SHOP: &str = "\
# Shop

## Health checks

```bash
docker stats --no-stream
docker restart orders
redis-cli llen queue
docker logs --tail 5 <container>
```
";

const OVERLAY: &str = "\
[[targets]]
name = \"redis\"
target = \"cache\"
[[targets]]
name = \"docker\"
target = \"cache\"
";

const TARGETS: &str = "\n[targets.cache]\nkind = \"docker\"\n";

/// The looks that were named last, and how often any were.
#[derive(Default)]
struct Named(Mutex<(usize, Vec<String>)>);

impl Named {
    fn last(&self) -> Vec<String> {
        self.0.lock().expect("named").1.clone()
    }

    fn count(&self) -> usize {
        self.0.lock().expect("named").0
    }
}

impl CarryOut for Named {
    fn plan<'a>(&'a self, _: &'a Order, _: &'a Ordered) -> BoxFuture<'a, Result<Plan, Cannot>> {
        Box::pin(async { Err(Cannot("nothing is planned here".into())) })
    }

    fn run<'a>(&'a self, _: &'a Order, _: &'a Ordered, _: Bounds, _: &'a mut Watch) -> BoxFuture<'a, Carried> {
        Box::pin(async { Carried::Manual("nothing runs here".into()) })
    }

    fn keep_warm(&self, looks: &[Order], lease: Duration) {
        assert!(lease > Duration::from_secs(5), "it is named every five seconds");
        let texts = looks.iter().flat_map(|o| &o.commands).map(|c| c.text.clone());
        let mut named = self.0.lock().expect("named");
        *named = (named.0 + 1, texts.collect());
    }
}

async fn shop() -> (World, Arc<Named>) {
    let w = World::usual().await;
    fs::create_dir_all(w.folder.join("runbooks")).expect("a folder");
    fs::write(w.folder.join("runbooks/shop.md"), SHOP).expect("written");
    fs::write(w.folder.join("runbooks/shop.overlay.toml"), OVERLAY).expect("written");
    let path = w.folder.join("firebell.toml");
    let text = fs::read_to_string(&path).expect("the configuration");
    fs::write(&path, format!("{text}{TARGETS}")).expect("written");
    put_in_force(&w.app, &path);
    let named = Arc::new(Named::default());
    w.engine.outlets().put_carrier(Some(named.clone()));
    (w, named)
}

fn put_in_force(app: &App, path: &std::path::Path) {
    let loaded = config::load(Some(path), std::iter::empty()).unwrap_or_else(|p| panic!("{p:#?}"));
    let config = loaded.config;
    app.reload_all(config.directory(), app.public_url().to_string(), Arc::new(config.program));
}

/// Sweeps until these are what was named last.
async fn until(w: &mut World, named: &Named, looks: &[&str]) {
    let what = format!("{looks:?} are kept ready");
    eventually(&what, BOUND, async || {
        w.settle().await;
        named.count() > 0 && named.last() == looks
    })
    .await;
}

#[tokio::test]
async fn what_only_reads_is_kept_ready_from_the_declaration_to_the_end_also_after_a_restart() {
    let (mut w, named) = shop().await;
    until(&mut w, &named, &[]).await;
    let incident = w.declare("checkout is down", None).await;
    until(&mut w, &named, &["docker stats --no-stream", "redis-cli llen queue"]).await;

    // Another process: the incident is open, so it begins again without anybody's word.
    let path = w.folder.join("firebell.toml");
    w.restart_with(&fs::read_to_string(&path).expect("the configuration"));
    put_in_force(&w.app, &path);
    let after = Arc::new(Named::default());
    w.engine.outlets().put_carrier(Some(after.clone()));
    until(&mut w, &after, &["docker stats --no-stream", "redis-cli llen queue"]).await;

    w.act(incident, "ana", Input::Resolve { text: String::new() }).await;
    until(&mut w, &after, &[]).await;
    drop(w.take_pages());
    w.finish().await;
}

#[tokio::test]
async fn incidents_of_one_system_are_looked_at_once_and_an_old_one_that_nobody_looks_into_is_not() {
    let (mut w, named) = shop().await;
    for title in ["checkout is down", "so is the basket"] {
        let incident = w.declare(title, None).await;
        w.act(incident, "ana", Input::Acknowledge).await;
    }
    until(&mut w, &named, &["docker stats --no-stream", "redis-cli llen queue"]).await;
    w.jump(SAMPLE_FOR_S + 1);
    until(&mut w, &named, &[]).await;
    drop(w.take_pages());
    w.finish().await;
}
