//! The door as attackers and members meet it: what is answered, how much work is done,
//! and what serves once.

use super::second_factor::{self, Offer};
use super::session::{self, Use};
use super::sign_in::{Door, Knock, Outcome};
use crate::clock::{SECOND_MS, Timestamp};
use crate::crypto::password;
use crate::crypto::totp::STEP_SECONDS;
use crate::model::account::Member;
use crate::model::action::{Act, Action, Actor};
use crate::store::tests::{make_account, try_open};
use crate::store::{SignInPlace, Store};

const EMAIL: &str = "ann@example.org";
const SECRET: &str = "correct horse battery staple";

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    door: Door,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + seconds * SECOND_MS)
}

impl House {
    fn new(verifier: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = try_open(&folder.path().join("data")).unwrap();
        let (_, member) = make_account(&store, EMAIL).unwrap();
        let verifier = verifier.to_owned();
        store
            .change_sign_in(act(&store, 0), member, "test", |profile| {
                profile.password_hash = verifier;
                Ok(())
            })
            .unwrap();
        House {
            _folder: folder,
            store,
            door: Door::default(),
        }
    }

    fn member(&self) -> Member {
        self.store.member_by_email(EMAIL).unwrap().unwrap()
    }

    fn sign_in(&self, email: &str, secret: &str, seconds: i64) -> Outcome {
        let knock = Knock::default();
        self.door
            .sign_in(&self.store, email, secret, &knock, at(seconds))
            .unwrap()
    }

    fn turn_on(&self, seconds: i64) -> (Offer, Vec<String>) {
        let member = self.member();
        let offer = second_factor::offer(&self.store, &member).unwrap();
        let offer = second_factor::same_offer(&self.store, &member, &offer.sealed).unwrap();
        let code = code(&offer, seconds);
        let act = act(&self.store, seconds);
        let (_, codes) =
            second_factor::turn_on(&self.store, act, member.id, &offer, &code).unwrap();
        (offer, codes)
    }

    fn step(&self, seconds: i64) -> String {
        match self.sign_in(EMAIL, SECRET, seconds) {
            Outcome::Code(step) => step,
            other => panic!("{other:?}"),
        }
    }

    fn finish(&self, step: &str, code: &str, seconds: i64) -> Outcome {
        let knock = Knock::default();
        self.door
            .finish(&self.store, step, code, &knock, at(seconds))
            .unwrap()
    }
}

fn act(store: &Store, seconds: i64) -> Act {
    let member = store.member_by_email(EMAIL).unwrap().unwrap();
    Act::new(Actor::Member(member.id), Action::ChangeSelf, at(seconds))
}

fn code(offer: &Offer, seconds: i64) -> String {
    let now = at(seconds).millis() / SECOND_MS;
    offer.secret.code(now / STEP_SECONDS)
}

fn work_of(work: impl FnOnce()) -> Vec<String> {
    password::tests::COUNTED.take();
    work();
    password::tests::COUNTED.take()
}

#[test]
fn account_enumeration_unknown_and_wrong_take_the_same_work_and_get_the_same_answer() {
    let house = House::new(&password::hash(SECRET).unwrap());
    let refused = |outcome| assert!(matches!(outcome, Outcome::Refused), "{outcome:?}");
    let unknown = work_of(|| refused(house.sign_in("eve@example.org", "not it at all", 0)));
    let wrong = work_of(|| refused(house.sign_in(EMAIL, "not it at all", 0)));
    assert_eq!(unknown, wrong);
    assert_eq!(unknown, ["m=65536,t=3,p=1"]);
    house.turn_on(0);
    let guarded = work_of(|| refused(house.sign_in(EMAIL, "not it at all", 0)));
    assert_eq!(
        guarded, wrong,
        "a second factor shows before the password is right"
    );
}

#[test]
fn a_code_serves_once_and_ends_the_step() {
    let house = House::new(&password::hash(SECRET).unwrap());
    let (offer, _) = house.turn_on(0);
    let step = house.step(40);
    let used = house.finish(&step, &code(&offer, 0), 40);
    assert!(
        matches!(used, Outcome::Refused),
        "the code of the turning on: {used:?}"
    );
    let welcome = house.finish(&step, &code(&offer, 40), 41);
    assert!(matches!(welcome, Outcome::Welcome(_)), "{welcome:?}");
    let ended = house.finish(&step, &code(&offer, 70), 71);
    assert!(matches!(ended, Outcome::Ended), "{ended:?}");
    let step = house.step(45);
    let replayed = house.finish(&step, &code(&offer, 40), 45);
    assert!(matches!(replayed, Outcome::Refused), "{replayed:?}");
}

#[test]
fn a_recovery_code_serves_once_and_new_ones_replace_the_old() {
    let house = House::new(&password::hash(SECRET).unwrap());
    let (_, codes) = house.turn_on(0);
    assert_eq!(codes.len(), 10);
    let step = house.step(1);
    let welcome = house.finish(&step, &codes[3].to_uppercase(), 1);
    assert!(matches!(welcome, Outcome::Welcome(_)), "{welcome:?}");
    let step = house.step(2);
    assert!(matches!(
        house.finish(&step, &codes[3], 2),
        Outcome::Refused
    ));
    let member = house.member();
    assert_eq!(member.profile.second_factor.unwrap().recovery.len(), 9);
    let act = act(&house.store, 3);
    second_factor::renew_recovery(&house.store, act, member.id).unwrap();
    let step = house.step(4);
    assert!(matches!(
        house.finish(&step, &codes[4], 4),
        Outcome::Refused
    ));
}

#[test]
fn codes_are_guessed_slowly_and_the_step_dies_with_a_new_password() {
    let house = House::new(&password::hash(SECRET).unwrap());
    house.turn_on(0);
    let step = house.step(1);
    for _ in 0..5 {
        assert!(matches!(house.finish(&step, "000000", 1), Outcome::Refused));
    }
    assert!(matches!(house.finish(&step, "000000", 1), Outcome::Wait(1)));
    let other = house.step(2);
    house
        .store
        .change_sign_in(act(&house.store, 3), house.member().id, "test", |_| Ok(()))
        .unwrap();
    assert!(matches!(house.finish(&other, "000000", 20), Outcome::Ended));
}

#[test]
fn a_change_of_password_ends_every_session() {
    let house = House::new("verifier");
    let open = |seconds| {
        let place = SignInPlace::default();
        session::open(&house.store, &house.member(), place, at(seconds)).unwrap()
    };
    let find = |secret: &str| session::find(&house.store, secret, at(9), Use::Person).unwrap();
    let (first, second) = (open(1), open(2));
    assert!(find(&first).is_some() && find(&second).is_some());
    let stale = house.member();
    house
        .store
        .change_sign_in(
            act(&house.store, 3),
            stale.id,
            "the password was changed",
            |_| Ok(()),
        )
        .unwrap();
    assert!(find(&first).is_none() && find(&second).is_none());
    // A sign-in that began before the change and is finished after it.
    let place = SignInPlace::default();
    let late = session::open(&house.store, &stale, place, at(4)).unwrap();
    assert!(find(&late).is_none());
    assert!(find(&open(5)).is_some());
}

#[test]
fn a_weaker_verifier_is_renewed_at_the_next_sign_in() {
    let house = House::new(&password::tests::weaker_verifier(SECRET));
    let before = house.member().profile;
    assert!(matches!(
        house.sign_in(EMAIL, SECRET, 0),
        Outcome::Welcome(_)
    ));
    let after = house.member().profile;
    assert_ne!(after.password_hash, before.password_hash);
    assert!(after.password_hash.contains("m=65536,t=3,p=1"));
    assert_eq!(after.epoch, before.epoch, "nobody is signed out by it");
    assert!(matches!(
        house.sign_in(EMAIL, SECRET, 1),
        Outcome::Welcome(_)
    ));
}

#[test]
fn whoever_runs_the_instance_needs_a_second_factor_for_that() {
    let house = House::new("verifier");
    let mut member = house.member();
    let id = member.id;
    let mut settings = house.store.catalog().accounts[&member.account]
        .settings
        .clone();
    let (inside, operating) = (Actor::Member(id), Actor::Operator(id));
    let missing = |member: &Member, settings: &_, actor, action| {
        second_factor::is_missing(member, settings, actor, action)
    };
    assert!(!missing(&member, &settings, inside, Action::ReadReport));
    assert!(missing(&member, &settings, operating, Action::ReadInstance));
    settings.require_second_factor = true;
    assert!(missing(&member, &settings, inside, Action::ReadReport));
    for open in [
        Action::ReadSelf,
        Action::ChangeSelf,
        Action::Confirm,
        Action::SignOut,
    ] {
        assert!(!missing(&member, &settings, operating, open), "{open:?}");
    }
    house.turn_on(0);
    member = house.member();
    assert!(!missing(
        &member,
        &settings,
        operating,
        Action::ReadInstance
    ));
}

#[test]
fn a_flood_at_the_door_leaves_places_for_known_browsers() {
    let house = House::new("verifier");
    let held: Vec<_> = (0..16).map_while(|_| house.door.place(false)).collect();
    assert_eq!(held.len(), 16);
    assert!(house.door.place(false).is_none());
    assert!(house.door.place(true).is_some());
    drop(held);
    assert!(house.door.place(false).is_some());
}
