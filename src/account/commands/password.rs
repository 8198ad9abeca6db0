//! A new password (XEP-0077 §3.3).

use model::{Answer, Failure, RequestId};
use xmpp::{IqOutcome, xep_0077_registration as registration};

use super::answer;
use crate::{
    Error, connection,
    turn::{IqKind, PasswordChange, PendingIq, Turn},
};

/// The password was changed elsewhere, and the user knows the new one: signs in with it.
pub fn enter(turn: &mut Turn<'_, '_>, password: String) -> Result<(), Error> {
    keep(turn, password)?;
    connection::go_online(turn)
}

/// Asks the server for it. The stream is encrypted, or there would be none.
pub fn change(turn: &mut Turn<'_, '_>, request: RequestId, password: String) -> Result<(), Error> {
    let server = turn.state.own.bare.domain().to_string();
    let Some(name) = turn.state.own.bare.node().map(std::string::ToString::to_string) else {
        answer(turn, request, Err(Failure::BadAddress));
        return Ok(());
    };
    if !turn.is_online() {
        answer(turn, request, Err(Failure::Unreachable));
        return Ok(());
    }
    let query = registration::password_change(&name, &password);
    turn.send_iq(IqKind::Set, Some(&server), query, PendingIq::Password(request, PasswordChange(password)));
    Ok(())
}

/// The server answered.
pub fn answered(
    turn: &mut Turn<'_, '_>,
    request: RequestId,
    password: PasswordChange,
    outcome: IqOutcome,
) -> Result<(), Error> {
    let result = match outcome {
        IqOutcome::Result(_) => {
            keep(turn, password.0)?;
            Ok(Answer::Done)
        }
        IqOutcome::Error(error) => Err(Failure::FormRefused(error.text)),
        IqOutcome::TimedOut => Err(Failure::TimedOut),
        IqOutcome::Lost => Err(Failure::ConnectionLost),
    };
    answer(turn, request, result);
    Ok(())
}

/// What was derived from the old password, and tokens got with it, go with it.
fn keep(turn: &mut Turn<'_, '_>, password: String) -> Result<(), Error> {
    let mut credentials = turn.tx.reads().credentials()?;
    credentials.password = Some(password.into());
    credentials.scram = None;
    credentials.fast = None;
    turn.tx.set_credentials(&credentials)?;
    Ok(())
}
