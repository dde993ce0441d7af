//! `twinlock doctor`: the client's check-up.

use serde::Serialize;
use twinlock_client::Client;
use twinlock_client::view::{DoctorCheck, Health};

use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::text::Text;

#[derive(Serialize)]
struct DoctorDocument<'a> {
    checks: &'a [DoctorCheck],
}

pub(crate) async fn run(client: &Client, out: &mut Output) -> Result<Status, Failure> {
    let checks = client.doctor().await?;
    out.answer(&DoctorDocument { checks: &checks }, |text| show(&checks, text))?;
    let failed = checks.iter().any(|check| check.health == Health::Failed);
    Ok(if failed { Status::Failed } else { Status::Done })
}

fn show(checks: &[DoctorCheck], text: &mut Text) {
    for check in checks {
        let health = match check.health {
            Health::Good => "good   ",
            Health::Warning => "warning",
            Health::Failed => "FAILED ",
        };
        text.line(format!("{health}  {:8}  {}", check.name, check.sentence));
    }
}
