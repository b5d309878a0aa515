//! How a kind of record is kept: its table and the columns that views and constraints need.
//!
//! Each process describes its tables in `modules/<process>/table.rs`; the one line that registers a
//! kind is in `modules/mod.rs`, and the compiler asks for it.

use chrono::NaiveDate;
use domain::modules::{Record, RecordKind};
use domain::{Fen, Ms};
use serde_json::Value;

use crate::db::{Dialect, Ty};

/// The description of one table.
pub struct Table {
    pub kind: RecordKind,
    pub name: &'static str,
    /// Besides `id`, `scope`, `seq` and `body`.
    pub columns: &'static [(&'static str, Ty)],
    /// Values of those columns, in their order.
    pub project: fn(&Record) -> Vec<Value>,
}

impl Table {
    /// Inserts or replaces the rows of one JSON parameter.
    pub(crate) fn upsert(&self, dialect: Dialect) -> String {
        let mut columns = vec![("id", Ty::Text), ("scope", Ty::Text), ("seq", Ty::Int), ("body", Ty::Text)];
        columns.extend(self.columns);
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let replaced: Vec<String> =
            columns[2..].iter().map(|(name, _)| format!("{name} = excluded.{name}")).collect();
        // `WHERE true` keeps SQLite from reading ON CONFLICT as a join condition.
        format!(
            "INSERT INTO {} ({names}) SELECT {names} FROM {} WHERE true ON CONFLICT (id) DO UPDATE SET {}",
            self.name,
            dialect.rows(1, &columns),
            replaced.join(", "),
        )
    }
}

/// A value of a projected column.
pub trait IntoColumn {
    fn into_column(self) -> Value;
}

macro_rules! into_column {
    ($($ty:ty => |$value:ident| $expression:expr),+ $(,)?) => {$(
        impl IntoColumn for $ty {
            fn into_column(self) -> Value {
                let $value = self;
                $expression
            }
        }
    )+};
}

into_column! {
    i64 => |value| value.into(),
    i32 => |value| value.into(),
    u64 => |value| value.into(),
    u32 => |value| value.into(),
    u8 => |value| value.into(),
    usize => |value| value.into(),
    bool => |value| i64::from(value).into(),
    Ms => |value| value.0.into(),
    Fen => |value| value.0.into(),
    // PostgreSQL keeps no NUL in a text.
    &str => |value| value.replace('\0', "").into(),
    String => |value| value.as_str().into_column(),
    &String => |value| value.as_str().into_column(),
    NaiveDate => |value| value.to_string().into(),
}

macro_rules! id_columns {
    ($($name:ident),+ $(,)?) => {$(
        impl IntoColumn for domain::id::$name {
            fn into_column(self) -> Value {
                self.to_string().into()
            }
        }
    )+};
}

id_columns!(
    UserId, DeviceId, ProjectId, ClusterId, BuildingId, UnitId, TicketId, TemplateId, ScheduleId,
);

impl<T: IntoColumn> IntoColumn for Option<T> {
    fn into_column(self) -> Value {
        self.map_or(Value::Null, IntoColumn::into_column)
    }
}

/// The stable wire name of an enum without a `name` of its own.
pub fn wire_name(value: impl serde::Serialize) -> Value {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => Value::String(name),
        _ => Value::Null,
    }
}

impl IntoColumn for Value {
    fn into_column(self) -> Value {
        self
    }
}

/// Describes a table: `table!(TICKETS: Ticket => "tickets", |t| { number: Int = t.number, … });`
#[macro_export]
macro_rules! table {
    ($name:ident: $record:ty => $table:literal, |$r:ident| { $($column:ident: $ty:ident = $value:expr),* $(,)? }) => {
        pub static $name: $crate::store::Table = $crate::store::Table {
            kind: <$record as domain::sync::SyncedRecord>::KIND,
            name: $table,
            columns: &[$((stringify!($column), $crate::db::Ty::$ty)),*],
            project: |record| {
                let $r = <$record as domain::sync::SyncedRecord>::from_record(record)
                    .expect("a table is asked only for records of its own kind");
                vec![$($crate::store::table::IntoColumn::into_column($value)),*]
            },
        };
    };
}
