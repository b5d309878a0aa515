//! Commands and records as `/api/openapi.json` describes them, made from the types themselves: what is
//! registered in `modules` is in the document.
//!
//! Only in the server's build (feature `openapi`). A phone has no use for it, so the browser build must not
//! carry it.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{Discriminator, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Object, OneOfBuilder, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::modules::{Command, Record};
use crate::sync::envelope::Envelope;
use crate::sync::wire::Row;

/// Name of the schema of any command in its envelope.
pub const COMMAND: &str = "CommandEnvelope";
/// Name of the schema of any row of a pull.
pub const ROW: &str = "RecordRow";

/// A kind of command or record, with the schema of what it carries.
pub struct Described {
    /// The stable wire name.
    pub kind: &'static str,
    /// The schema's name in the document.
    pub name: String,
    /// The schema itself.
    pub schema: RefOr<Schema>,
    /// Every schema that it refers to, at any depth.
    pub parts: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    pub fn of<T: ToSchema>(kind: &'static str) -> Self {
        let mut parts = Vec::new();
        T::schemas(&mut parts);
        Self { kind, name: T::name().into_owned(), schema: T::schema(), parts }
    }
}

/// The fields around a command or a record, and which of them tells the kind.
struct Carrier {
    object: Object,
    kind: &'static str,
    content: &'static str,
    /// Follows the name of what is carried.
    suffix: &'static str,
}

impl Carrier {
    fn of<T: PartialSchema>(
        kind: &'static str,
        content: &'static str,
        suffix: &'static str,
    ) -> Self {
        match T::schema() {
            RefOr::T(Schema::Object(object)) => Self { object, kind, content, suffix },
            _ => unreachable!("what carries others is a struct"),
        }
    }

    /// The carrier's own fields with the kind fixed and the content typed.
    fn around(&self, carried: &Described) -> Object {
        let mut object = self.object.clone();
        object.description = match &carried.schema {
            RefOr::T(Schema::Object(inner)) => inner.description.clone(),
            RefOr::T(Schema::AllOf(inner)) => inner.description.clone(),
            _ => None,
        };
        let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([carried.kind]));
        object.properties.insert(self.kind.to_owned(), kind.into());
        let mut content = Ref::from_schema_name(&carried.name);
        if let Some(RefOr::T(Schema::Object(untyped))) = object.properties.get(self.content) {
            content.description = untyped.description.clone().unwrap_or_default();
        }
        object.properties.insert(self.content.to_owned(), content.into());
        object
    }

    /// Adds one schema a kind and, named `any`, the choice between them.
    fn describe(
        &self,
        all: &mut BTreeMap<String, RefOr<Schema>>,
        any: &str,
        kinds: Vec<Described>,
    ) {
        let mut choice = OneOfBuilder::new().description(self.object.description.clone());
        let mut mapping = BTreeMap::new();
        for carried in kinds {
            let name = format!("{}{}", carried.name, self.suffix);
            let reference = Ref::from_schema_name(&name);
            mapping.insert(carried.kind.to_owned(), reference.ref_location.clone());
            choice = choice.item(reference);
            all.insert(name, RefOr::T(self.around(&carried).into()));
            all.insert(carried.name, carried.schema);
            all.extend(carried.parts);
        }
        let discriminator = Discriminator { mapping, ..Discriminator::new(self.kind) };
        all.insert(any.to_owned(), choice.discriminator(Some(discriminator)).into());
    }
}

/// Every schema by its name: payloads, bodies and their parts; each kind in what carries it; and
/// `COMMAND` and `ROW`, which are the choice between them.
pub fn components() -> BTreeMap<String, RefOr<Schema>> {
    let mut all = BTreeMap::new();
    let mut envelope = Carrier::of::<Envelope>("kind", "payload", "Command");
    let version = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("Version of this kind's payload."))
        .enum_values(Some([Command::VERSION]))
        .default(Some(1.into()));
    envelope.object.properties.insert("v".to_owned(), version.into());
    envelope.describe(&mut all, COMMAND, Command::described());
    Carrier::of::<Row>("k", "b", "Row").describe(&mut all, ROW, Record::described());
    all
}
