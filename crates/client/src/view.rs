//! What window and command line show: names and states. No value is in any of these.

mod activity;
mod approval;
mod checklist;
mod compared;
mod doctor;
mod files;
mod former;
mod import;
mod keyholders;
mod lost;
mod overview;
mod refusals;
mod removal;
mod revisions;
mod safety;
mod service;
mod settings;
mod standing;
mod team;
mod variables;

pub use self::activity::{ActivityView, ReplayedEnvironment, ReplayedView};
pub use self::approval::ApplicantView;
pub use self::checklist::{ChecklistItem, ChecklistPlace, ChecklistState, ChecklistView};
pub use self::compared::{ComparedView, Verdict};
pub use self::doctor::{DoctorCheck, Health};
pub use self::files::{
    ChangeKind, ChangeSummary, ChangeView, ChangesView, FileState, LinkedFileView, LoaderView, Side,
};
pub use self::former::{FormerState, FormerVariable, FormerView, RevisionKind};
pub use self::import::{FoundProblem, FoundVariable, ImportPreview};
pub use self::keyholders::{JoinedNews, KeyholderChange, KeyholderNews, KeyholderView, RevokedView};
pub use self::lost::{GivenUpView, LostHistory, LostRevision, LostView, RecordedHead};
pub use self::overview::{Connection, EnvironmentView, Overview, ProjectView, RefusalView, TeamSummary};
pub use self::refusals::RefusedView;
pub use self::removal::{
    FallsView, GoneEnvironment, GoneView, NewRoleView, RekeyedView, RemovalView, RevocationView,
};
pub use self::revisions::{RevisionChange, RevisionView};
pub use self::safety::{SafetyEnvironment, SafetyView, SafetyWith, SafetyWordsOf};
pub use self::service::{DangerView, ServiceClosedView, ServiceView};
pub use self::settings::SettingsView;
pub use self::standing::{EnvironmentStanding, ReadableView, RenewalView, WaitingView};
pub use self::team::{
    AccessView, ComputerView, InviteView, MemberChangeView, MemberRemovedView, MemberView, TeamView,
};
pub use self::variables::{ReadingOutcome, ReadingView, VariableView};
