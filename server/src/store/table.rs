//! How a kind of record is kept: its table and the columns that views and constraints need.
//!
//! Each process describes its tables in `modules/<process>/table.rs`; the one line that registers a
//! kind is in `modules/mod.rs`, and the compiler asks for it.

use crate::db::Ty;
use chrono::NaiveDate;
use domain::modules::{Record, RecordKind};
use domain::{Fen, Ms};

use super::bulk::Cell;

/// The description of one table.
pub struct Table {
    pub kind: RecordKind,
    pub name: &'static str,
    /// Besides `id`, `scope`, `seq` and `body`.
    pub columns: &'static [(&'static str, Ty)],
    /// Values of those columns, in their order.
    pub project: fn(&Record) -> Vec<Cell<'static>>,
}

impl Table {
    /// All columns.
    pub(crate) fn all_columns(&self) -> Vec<(&'static str, Ty)> {
        let mut columns =
            vec![("id", Ty::Text), ("scope", Ty::Text), ("seq", Ty::Int), ("body", Ty::Text)];
        columns.extend(self.columns);
        columns
    }

    /// Replaces the row of the same id.
    pub(crate) fn replace(&self) -> String {
        let replaced: Vec<String> = self.all_columns()[2..]
            .iter()
            .map(|(name, _)| format!("{name} = excluded.{name}"))
            .collect();
        format!("ON CONFLICT (id) DO UPDATE SET {}", replaced.join(", "))
    }
}

/// A value of a projected column.
pub trait IntoColumn {
    fn into_column(self) -> Cell<'static>;
}

macro_rules! into_column {
    ($($ty:ty => |$value:ident| $expression:expr),+ $(,)?) => {$(
        impl IntoColumn for $ty {
            fn into_column(self) -> Cell<'static> {
                let $value = self;
                $expression
            }
        }
    )+};
}

into_column! {
    i64 => |value| value.into(),
    i32 => |value| i64::from(value).into(),
    u64 => |value| value.into(),
    u32 => |value| i64::from(value).into(),
    u8 => |value| i64::from(value).into(),
    usize => |value| i64::try_from(value).unwrap_or(i64::MAX).into(),
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
            fn into_column(self) -> Cell<'static> {
                self.to_string().into()
            }
        }
    )+};
}

id_columns!(
    UserId, DeviceId, ProjectId, ClusterId, BuildingId, UnitId, TicketId, TemplateId, ScheduleId,
);

impl<T: IntoColumn> IntoColumn for Option<T> {
    fn into_column(self) -> Cell<'static> {
        self.map_or(Cell::Null, IntoColumn::into_column)
    }
}

/// The stable wire name of an enum without a `name` of its own.
pub fn wire_name(value: impl serde::Serialize) -> Cell<'static> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name.into(),
        _ => Cell::Null,
    }
}

impl IntoColumn for Cell<'static> {
    fn into_column(self) -> Cell<'static> {
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
