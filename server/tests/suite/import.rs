//! Bringing a real company in: estate and arrears from CSV files, and the whole way from an empty
//! database to a steward who walks a round.

use crate::web::{Client, Database, PASSWORD, Server, cluster, scope};
use axum::http::StatusCode;
use chrono::{NaiveDate, NaiveTime};
use domain::actor::Role;
use domain::id::{ClusterId, ScheduleId, UnitId};
use domain::modules::Command;
use domain::modules::accounts::CreateAccount;
use domain::modules::company::Settings;
use domain::modules::fees::Arrears;
use domain::modules::households::{
    Building, Cluster, Household, Project, RegisterProject, RegisterUnit, Relation, UnitStatus,
};
use domain::modules::rounds::due::expand;
use domain::modules::rounds::{
    Recurrence, RoundTemplate, Schedule, SetSchedule, StartRound, Window, builtin,
};
use domain::sync::{Scope, SyncedRecord};
use domain::{Fen, Ms};
use encoding_rs::GB18030;
use serde_json::json;
use server::cli;
use server::import::{
    ArrearsImport, ArrearsSummary, EstateImport, EstateSummary, ImportError, Problems, Tally,
    arrears, estate, samples,
};
use server::state::AppState;
use server::store::records;
use tokio::sync::watch;

on_every_database!(
    a_new_estate_is_there_with_its_people,
    the_same_file_again_changes_nothing,
    a_changed_contact_changes_one_unit_and_keeps_its_id,
    what_the_file_does_not_say_stays_as_it_is,
    records_that_are_there_are_found_by_their_names,
    every_problem_is_listed_with_its_line_and_nothing_is_written,
    files_that_contradict_themselves_are_told,
    a_building_changes_its_cluster_only_as_a_whole,
    a_building_number_of_another_cluster_moves_nothing_unasked,
    a_file_as_excel_in_china_saves_it_is_the_same_file,
    a_damaged_byte_is_told_and_makes_no_other_names,
    a_new_project_is_not_the_one_that_had_its_name,
    two_stored_units_of_one_label_are_told,
    only_checking_writes_nothing,
    a_mistyped_project_is_told,
    arrears_become_fen_and_repeating_changes_nothing,
    arrears_of_an_unknown_unit_or_an_earlier_day_are_told,
    whoever_is_not_in_a_whole_list_of_debtors_has_paid,
    cells_behind_the_last_heading_are_told,
    a_quotation_mark_that_is_not_closed_swallows_no_debtor,
    an_import_beside_a_running_server_reaches_its_phones,
    the_samples_can_be_imported,
    what_an_operator_may_not_do_is_said_in_words,
);

const ESTATE: &str = "\
组团编号,组团,楼栋,房号,楼层,面积,状态,交房日期,业主,业主电话,租户,租户电话,重点客户,注意事项
X,桂花苑,1栋,1-1-101,,101.25,自住,2020-06-30,张三,13900000001,,,是,有狗
X,桂花苑,1栋,1栋2单元1501室,15,88,出租,,李四,13900000002,王五,13900000003,否,
Y,玉兰苑,2栋,2-1-301,,76.5,vacant,,,,,,,
";

fn new(file: &[u8]) -> EstateImport<'_> {
    EstateImport {
        project: "樱园", file, new_project: true, move_buildings: false, dry_run: false
    }
}

async fn import(server: &Server, text: &str) -> EstateSummary {
    estate(&server.state, &new(text.as_bytes())).await.unwrap_or_else(|e| panic!("{e}"))
}

async fn problems(server: &Server, text: &str) -> Problems {
    match estate(&server.state, &new(text.as_bytes())).await {
        Err(ImportError::Problems(problems)) => problems,
        other => panic!("{other:?}"),
    }
}

async fn all<R: SyncedRecord>(server: &Server, scope: Option<Scope>) -> Vec<R> {
    let mut connection = server.state.db.readers().acquire().await.unwrap();
    records::all(&mut connection, scope).await.unwrap()
}

/// The scope of the imported project.
async fn garden(server: &Server) -> Scope {
    let projects: Vec<Project> = all(server, None).await;
    Scope::Project(projects.iter().find(|project| project.name == "樱园").unwrap().id)
}

async fn unit(server: &Server, label: &str) -> Household {
    let units: Vec<Household> = all(server, Some(garden(server).await)).await;
    units.into_iter().find(|unit| unit.label == label).unwrap()
}

/// Where every log ends: unchanged when nothing was written.
async fn heads(server: &Server) -> Vec<u64> {
    let mut heads = Vec::new();
    let projects: Vec<Project> = all(server, None).await;
    let scopes = projects.iter().map(|project| Scope::Project(project.id));
    for scope in scopes.chain([Scope::Company]) {
        heads.push(server.state.sync.head(scope).await.unwrap());
    }
    heads
}

fn tally(new: usize, changed: usize, unchanged: usize) -> Tally {
    Tally { new, changed, unchanged }
}

async fn a_new_estate_is_there_with_its_people(server: &Server) {
    let summary = import(server, ESTATE).await;
    assert!(summary.new_project && summary.written);
    assert_eq!(summary.clusters, tally(2, 0, 0));
    assert_eq!(summary.buildings, tally(2, 0, 0));
    assert_eq!(summary.units, tally(3, 0, 0));
    assert_eq!(summary.absent, 0);

    let first = unit(server, "1-1-101").await;
    assert_eq!((first.floor, first.area_centi), (1, 10_125));
    assert_eq!(first.status, UnitStatus::OwnerOccupied);
    assert_eq!(first.handed_over, NaiveDate::from_ymd_opt(2020, 6, 30));
    assert!(first.key_customer);
    assert_eq!(first.caution, "有狗");
    assert_eq!(first.contacts.len(), 1);
    assert_eq!(first.contacts[0].pinyin, ["zs", "zhangsan"]);
    let second = unit(server, "1-2-1501").await;
    assert_eq!((second.floor, second.status), (15, UnitStatus::Let));
    let tenant = second.first_contact().unwrap();
    assert_eq!((tenant.relation, tenant.phone.as_str()), (Relation::Tenant, "13900000003"));
    assert!(unit(server, "2-1-301").await.contacts.is_empty());

    let scope = Some(garden(server).await);
    let buildings: Vec<Building> = all(server, scope).await;
    let building = buildings.iter().find(|building| building.number == "1").unwrap();
    assert_eq!((building.name.as_str(), building.floors, building.entrances), ("1栋", 15, 2));
    let clusters: Vec<Cluster> = all(server, scope).await;
    let named = clusters.iter().find(|cluster| cluster.id == building.cluster).unwrap();
    assert_eq!((named.code.as_str(), named.name.as_str()), ("X", "桂花苑"));

    // Without templates the office could schedule no round.
    assert_eq!(summary.templates, builtin::CODES.len());
    let templates: Vec<RoundTemplate> = all(server, Some(Scope::Company)).await;
    assert_eq!(templates.len(), builtin::CODES.len());
}

async fn the_same_file_again_changes_nothing(server: &Server) {
    import(server, ESTATE).await;
    let before = heads(server).await;
    server.advance(60_000);
    let again = import(server, ESTATE).await;
    assert!(!again.new_project);
    assert_eq!(again.clusters, tally(0, 0, 2));
    assert_eq!(again.buildings, tally(0, 0, 2));
    assert_eq!(again.units, tally(0, 0, 3));
    assert_eq!(again.templates, 0);
    assert!(again.to_string().contains("Nothing has changed"), "{again}");
    assert_eq!(heads(server).await, before);
}

async fn a_changed_contact_changes_one_unit_and_keeps_its_id(server: &Server) {
    import(server, ESTATE).await;
    let before = unit(server, "1-2-1501").await;
    let text = ESTATE.replace("王五,13900000003", "赵六,13900000009");
    let summary = import(server, &text).await;
    assert_eq!(summary.units, tally(0, 1, 2));
    let after = unit(server, "1-2-1501").await;
    assert_eq!(after.id, before.id);
    let tenant = after.first_contact().unwrap();
    assert_eq!((tenant.name.as_str(), tenant.phone.as_str()), ("赵六", "13900000009"));
    assert_eq!(tenant.pinyin, ["zl", "zhaoliu"]);
}

async fn what_the_file_does_not_say_stays_as_it_is(server: &Server) {
    import(server, ESTATE).await;
    let first = unit(server, "1-1-101").await;
    // Other order, English, one unit, no people, no date, no caution.
    let text = "status,area,unit,cluster_code,备注\nlet,101.25,1-1-101,x,新\n";
    let summary = import(server, text).await;
    assert_eq!((summary.units, summary.absent), (tally(0, 1, 0), 2));
    assert_eq!(summary.unused, ["备注"]);
    let expected = Household { status: UnitStatus::Let, ..first };
    assert_eq!(unit(server, "1-1-101").await, expected);
    let buildings: Vec<Building> = all(server, Some(garden(server).await)).await;
    assert!(buildings.iter().any(|building| building.floors == 15), "floors were lost");
    // An empty cell of a column that is there says that there is nobody.
    let text = "组团编号,房号,面积,状态,业主,业主电话,注意事项\nX,1-1-101,101.25,let,,,\n";
    import(server, text).await;
    let emptied = unit(server, "1-1-101").await;
    assert!(emptied.contacts.is_empty() && emptied.caution.is_empty());
    assert!(emptied.key_customer && emptied.handed_over.is_some());
}

async fn records_that_are_there_are_found_by_their_names(server: &Server) {
    let text = "组团,房号,面积,状态\nA,7-1-101,80,自住\n";
    let import =
        EstateImport { project: " 万兴现代城 ", new_project: false, ..new(text.as_bytes()) };
    let summary = estate(&server.state, &import).await.unwrap();
    assert!(!summary.new_project);
    assert_eq!((summary.clusters, summary.templates), (tally(0, 0, 1), 0));
    let units: Vec<Household> = all(server, Some(scope())).await;
    assert_eq!(units[0].cluster, cluster("A"));
}

async fn every_problem_is_listed_with_its_line_and_nothing_is_written(server: &Server) {
    let before = heads(server).await;
    let text = "\
组团编号,房号,面积,状态,楼层,交房日期,业主,业主电话,重点客户
X,1-1-101,88,自住,,,张三,13900000001,
,1-1-102,abc,卖了,顶层,2020-13-01,李四,1.39E+10,也许
X,1-1-103,0,自住,,,王五,13900000003,

X,1-1-1x!,80,自住,1,,,,
X,105,80,自住,1,,,,
X,1-1-106,80,自住,1,,赵六,电话不详,
X,1-1-A,80,自住,,,,,
X,1-1-101,80,自住,,,,,
";
    let problems = problems(server, text).await;
    let found: Vec<(u64, &str)> = problems
        .iter()
        .map(|problem| (problem.line.unwrap(), problem.column.as_deref().unwrap()))
        .collect();
    let expected = [
        (3, "组团编号"),
        (3, "楼层"),
        (3, "面积"),
        (3, "状态"),
        (3, "交房日期"),
        (3, "重点客户"),
        (4, "面积"),
        (6, "房号"),
        (7, "房号"),
        (8, "业主电话"),
        (9, "楼层"),
        (10, "房号"),
    ];
    assert_eq!(found, expected, "{problems}");
    let listed = problems.to_string();
    assert!(listed.contains("第 3 行“面积”：“abc”不是面积"), "{listed}");
    assert!(listed.contains("line 3, column “面积”: “abc” is no area"), "{listed}");
    assert!(!listed.contains("households."), "a code instead of words: {listed}");
    assert_eq!(heads(server).await, before);
    assert_eq!(all::<Project>(server, None).await.len(), 1);
}

async fn files_that_contradict_themselves_are_told(server: &Server) {
    let text = "\
组团编号,组团,楼栋,房号,面积,状态
X,桂花苑,1,1-1-101,80,自住
X,玉兰苑,1,1-1-102,80,自住
Y,,1,1-1-103,80,自住
X,,2,1-1-104,80,自住
";
    let problems = problems(server, text).await;
    let found: Vec<_> = problems
        .iter()
        .map(|problem| (problem.line.unwrap(), problem.column.as_deref().unwrap()))
        .collect();
    assert_eq!(found, [(3, "组团"), (4, "组团编号"), (5, "楼栋")], "{problems}");
    for text in ["", "房号,面积,状态\n1-1-101,80,自住\n", "组团,房号,面积,状态\n", "姓名\n张三\n"]
    {
        assert!(!self::problems(server, text).await.is_empty(), "{text}");
    }
}

async fn a_building_changes_its_cluster_only_as_a_whole(server: &Server) {
    import(server, ESTATE).await;
    let part = "组团编号,房号,面积,状态\nY,1-1-101,101.25,自住\n";
    let moving = |file| EstateImport { move_buildings: true, ..new(file) };
    let error = estate(&server.state, &moving(part.as_bytes())).await.unwrap_err();
    let ImportError::Problems(told) = error else { panic!("{error}") };
    assert_eq!(told.iter().next().unwrap().line, Some(2));
    assert!(told.to_string().contains("1 of its units"), "{told}");
    let whole = "组团编号,房号,面积,状态\nY,1-1-101,101.25,自住\nY,1-2-1501,88,出租\n";
    let summary = estate(&server.state, &moving(whole.as_bytes())).await.unwrap();
    assert_eq!((summary.buildings, summary.units), (tally(0, 1, 0), tally(0, 2, 0)));
    let other = unit(server, "2-1-301").await.cluster;
    assert_eq!(unit(server, "1-2-1501").await.cluster, other);
}

async fn a_building_number_of_another_cluster_moves_nothing_unasked(server: &Server) {
    import(server, ESTATE).await;
    let before = heads(server).await;
    // The second cluster counts its buildings from 1 too, and names every unit of the first's.
    let text = "组团编号,房号,面积,状态\nY,1-1-101,90,自住\nY,1-2-1501,90,自住\n";
    let told = problems(server, text).await;
    let found: Vec<_> = told.iter().map(|told| (told.line, told.column.as_deref())).collect();
    assert_eq!(found, [(Some(2), Some("组团编号"))], "{told}");
    let words = &told.iter().next().unwrap().words;
    assert!(words.en.contains("cluster X") && words.en.contains("in Y"), "{told}");
    assert!(words.zh.contains("组团 X") && words.zh.contains("组团 Y"), "{told}");
    assert_eq!(heads(server).await, before);
}

async fn a_file_as_excel_in_china_saves_it_is_the_same_file(server: &Server) {
    let text = ESTATE.replace('\n', "\r\n");
    let (bytes, _, lossy) = GB18030.encode(&text);
    assert!(!lossy && std::str::from_utf8(&bytes).is_err());
    let summary = estate(&server.state, &new(&bytes)).await.unwrap();
    assert_eq!(summary.units, tally(3, 0, 0));
    assert_eq!(unit(server, "1-1-101").await.contacts[0].name, "张三");
    let again = import(server, &format!("\u{feff}{ESTATE}")).await;
    assert_eq!(again.units, tally(0, 0, 3));
}

async fn a_damaged_byte_is_told_and_makes_no_other_names(server: &Server) {
    let at = ESTATE.find("李四").unwrap();
    for mark in [&b""[..], b"\xef\xbb\xbf"] {
        let mut bytes = [mark, ESTATE.as_bytes()].concat();
        // Even one that GB18030 knows a character for.
        for damage in [0xff, 0x41, 0xc5] {
            bytes[mark.len() + at + 1] = damage;
            let error = estate(&server.state, &new(&bytes)).await.unwrap_err().to_string();
            assert!(error.contains("第 3 行") && error.contains("line 3"), "{error}");
        }
    }
    assert_eq!(all::<Project>(server, None).await.len(), 1);
}

async fn a_new_project_is_not_the_one_that_had_its_name(server: &Server) {
    import(server, ESTATE).await;
    let garden = garden(server).await;
    let Scope::Project(project) = garden else { panic!("{garden}") };
    let renamed = RegisterProject { project, name: "樱园一期".into() };
    server.system(garden, vec![renamed.into()]).await;
    for new_project in [true, false] {
        let summary = import(server, ESTATE).await;
        assert_eq!(summary.new_project, new_project);
    }
    let mut names: Vec<_> = all::<Project>(server, None).await;
    names.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<_> = names.iter().map(|project| project.name.as_str()).collect();
    assert_eq!(names, ["万兴现代城", "樱园", "樱园一期"]);
    assert_eq!(all::<Household>(server, Some(garden)).await.len(), 3);
    assert_eq!(all::<Household>(server, None).await.len(), 6);
}

async fn two_stored_units_of_one_label_are_told(server: &Server) {
    import(server, ESTATE).await;
    let garden = garden(server).await;
    let first = unit(server, "1-1-101").await;
    let twin = RegisterUnit {
        unit: UnitId::derived(&["twin"]),
        building: first.building,
        label: first.label,
        floor: first.floor,
        area_centi: first.area_centi,
        status: first.status,
        handed_over: None,
        contacts: Vec::new(),
        key_customer: false,
        caution: String::new(),
    };
    server.system(garden, vec![twin.into()]).await;
    let before = heads(server).await;
    let told = problems(server, ESTATE).await;
    let found: Vec<_> = told.iter().map(|told| (told.line, told.column.as_deref())).collect();
    assert_eq!(found, [(Some(2), Some("房号"))], "{told}");
    assert!(told.to_string().contains("Two stored units"), "{told}");
    let text = "房号,欠费\n2-1-301,10\n1-1-101,10\n";
    assert_eq!(told_of_owed(server, text).await, [Some(3)]);
    assert_eq!(heads(server).await, before);
}

async fn only_checking_writes_nothing(server: &Server) {
    let before = heads(server).await;
    let check = EstateImport { dry_run: true, ..new(ESTATE.as_bytes()) };
    let summary = estate(&server.state, &check).await.unwrap();
    assert!(!summary.written);
    assert_eq!(summary.units, tally(3, 0, 0));
    assert!(summary.to_string().contains("3 new, 0 changed, 0 unchanged"), "{summary}");
    assert_eq!(heads(server).await, before);
    assert!(all::<RoundTemplate>(server, None).await.is_empty());

    import(server, ESTATE).await;
    let before = heads(server).await;
    let text = ESTATE.replace("有狗", "有猫");
    let check = EstateImport { dry_run: true, ..new(text.as_bytes()) };
    let summary = estate(&server.state, &check).await.unwrap();
    assert_eq!(summary.units, tally(0, 1, 2));
    assert_eq!(unit(server, "1-1-101").await.caution, "有狗");
    let mut owed = owed("房号,欠费\n1-1-101,5\n");
    owed.dry_run = true;
    assert_eq!(arrears(&server.state, &owed).await.unwrap().units, tally(1, 0, 0));
    assert_eq!(heads(server).await, before);
}

async fn a_mistyped_project_is_told(server: &Server) {
    let before = heads(server).await;
    let import = EstateImport { new_project: false, ..new(ESTATE.as_bytes()) };
    let error = estate(&server.state, &import).await.unwrap_err();
    assert!(matches!(error, ImportError::Call(_)), "{error}");
    assert!(error.to_string().contains("万兴现代城"), "{error}");
    let owed = ArrearsImport { project: "万兴", ..owed("房号,欠费\n1-1-101,5\n") };
    let error = arrears(&server.state, &owed).await.unwrap_err();
    assert!(error.to_string().contains("万兴现代城"), "{error}");
    assert_eq!(heads(server).await, before);
}

/// Figures of the first of November 2026; it is the 22nd.
fn owed(text: &str) -> ArrearsImport<'_> {
    ArrearsImport {
        project: "樱园",
        as_of: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
        file: text.as_bytes(),
        rest_paid: false,
        dry_run: false,
    }
}

async fn owes(server: &Server, label: &str) -> Option<Arrears> {
    let found: Vec<Arrears> = all(server, Some(garden(server).await)).await;
    found.into_iter().find(|arrears| arrears.label == label)
}

async fn import_owed(server: &Server, text: &str) -> ArrearsSummary {
    arrears(&server.state, &owed(text)).await.unwrap_or_else(|e| panic!("{e}"))
}

async fn arrears_become_fen_and_repeating_changes_nothing(server: &Server) {
    import(server, ESTATE).await;
    let text = "起始月,房号,欠费,欠费月数\n2026-08,1-1-101,\"1,234.56\",\n,１－２－1501,￥80.5,2\n";
    let summary = import_owed(server, text).await;
    assert_eq!((summary.units, summary.absent), (tally(2, 0, 0), 1));
    let first = owes(server, "1-1-101").await.unwrap();
    assert_eq!((first.owed, first.months), (Fen(123_456), 4));
    assert_eq!(first.since, NaiveDate::from_ymd_opt(2026, 8, 1));
    // The beginning of that day in Shanghai.
    assert_eq!(first.as_of, Ms(1_793_462_400_000));
    let second = owes(server, "1-2-1501").await.unwrap();
    assert_eq!((second.owed, second.months), (Fen(8_050), 2));
    assert_eq!(second.since, NaiveDate::from_ymd_opt(2026, 10, 1));

    let before = heads(server).await;
    assert_eq!(import_owed(server, text).await.units, tally(0, 0, 2));
    assert_eq!(heads(server).await, before);
    let summary = import_owed(server, &text.replace("80.5", "0").replace(",2\n", ",0\n")).await;
    assert_eq!(summary.units, tally(0, 1, 1));
    assert_eq!(owes(server, "1-2-1501").await.unwrap().owed, Fen(0));
}

async fn arrears_of_an_unknown_unit_or_an_earlier_day_are_told(server: &Server) {
    import(server, ESTATE).await;
    let before = heads(server).await;
    let text = "\
房号,欠费,欠费月数,起始月
1-1-101,10.00,1,
9-9-999,10.00,1,
1-1-101,10.00,1,
1-2-1501,-3,,
2-1-301,12.345,一,去年
1-2-1501,5,,2031-01
";
    let error = arrears(&server.state, &owed(text)).await.unwrap_err();
    let ImportError::Problems(problems) = error else { panic!("{error}") };
    let found: Vec<_> = problems
        .iter()
        .map(|problem| (problem.line.unwrap(), problem.column.as_deref().unwrap()))
        .collect();
    let expected = [
        (3, "房号"),
        (4, "房号"),
        (5, "欠费"),
        (6, "欠费"),
        (6, "欠费月数"),
        (6, "起始月"),
        (7, "房号"),
    ];
    assert_eq!(found, expected, "{problems}");
    assert!(problems.to_string().contains("9-9-999"), "{problems}");
    assert_eq!(heads(server).await, before);

    import_owed(server, "房号,欠费\n1-1-101,10\n").await;
    let earlier = ArrearsImport {
        as_of: NaiveDate::from_ymd_opt(2026, 10, 1).unwrap(),
        ..owed("房号,欠费\n1-1-101,5\n")
    };
    let error = arrears(&server.state, &earlier).await.unwrap_err();
    assert!(error.to_string().contains("2026年11月1日"), "{error}");
    let future = ArrearsImport {
        as_of: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
        ..owed("房号,欠费\n1-1-101,5\n")
    };
    assert!(arrears(&server.state, &future).await.is_err());
    assert_eq!(owes(server, "1-1-101").await.unwrap().owed, Fen(1_000));
}

async fn whoever_is_not_in_a_whole_list_of_debtors_has_paid(server: &Server) {
    import(server, ESTATE).await;
    import_owed(server, "房号,欠费\n1-1-101,10\n2-1-301,20\n").await;
    let summary = import_owed(server, "房号,欠费\n1-2-1501,30\n").await;
    assert_eq!((summary.paid, summary.absent), (0, 2));
    assert_eq!(owes(server, "1-1-101").await.unwrap().owed, Fen(1_000));
    let whole = ArrearsImport { rest_paid: true, ..owed("房号,欠费\n1-2-1501,30\n") };
    let summary = arrears(&server.state, &whole).await.unwrap();
    assert_eq!((summary.units, summary.paid), (tally(0, 0, 1), 2));
    assert_eq!(owes(server, "1-1-101").await.unwrap().owed, Fen(0));
    assert_eq!(owes(server, "1-2-1501").await.unwrap().owed, Fen(3_000));
}

/// The lines that are told of a file of debtors, after which everybody else would have paid.
async fn told_of_owed(server: &Server, text: &str) -> Vec<Option<u64>> {
    match arrears(&server.state, &ArrearsImport { rest_paid: true, ..owed(text) }).await {
        Ok(_) => Vec::new(),
        Err(ImportError::Problems(problems)) => problems.iter().map(|told| told.line).collect(),
        Err(error) => panic!("{error}"),
    }
}

async fn cells_behind_the_last_heading_are_told(server: &Server) {
    import(server, ESTATE).await;
    let text = "房号,欠费\n1-1-101,1,234\n1-2-1501,2,, \n2-1-301,\"1,234\"\n";
    assert_eq!(told_of_owed(server, text).await, [Some(2)]);
    // Excel pads the headings as far as the longest row goes.
    let padded = text.replacen("欠费", "欠费,", 1);
    assert_eq!(told_of_owed(server, &padded).await, [Some(2)]);
    assert!(owes(server, "1-1-101").await.is_none());
    assert!(told_of_owed(server, &text.replacen("1,234", "\"1,234\"", 1)).await.is_empty());
    assert_eq!(owes(server, "1-1-101").await.unwrap().owed, Fen(123_400));
}

async fn a_quotation_mark_that_is_not_closed_swallows_no_debtor(server: &Server) {
    import(server, ESTATE).await;
    let rest = "1-2-1501,20,\n".repeat(5);
    let ended_by_the_file = format!("房号,欠费,备注\n1-1-101,10,\"上门\n{rest}");
    assert_eq!(told_of_owed(server, &ended_by_the_file).await, [Some(2)]);
    let ended_by_the_next = format!("{ended_by_the_file}2-1-301,30,\"电话\"\n");
    assert_eq!(told_of_owed(server, &ended_by_the_next).await, [Some(2)]);
    assert!(owes(server, "1-1-101").await.is_none());
    // Two lines in one cell, and an inch in another.
    let closed = "房号,欠费,备注,管径\n1-1-101,10,\"上门\"\"两\"\"次\n没人\",3\"\n1-2-1501,20,,\n";
    assert!(told_of_owed(server, closed).await.is_empty());
    assert_eq!(owes(server, "1-2-1501").await.unwrap().owed, Fen(2_000));
}

/// Another process on the same database, as the command line is one.
async fn beside(server: &Server) -> AppState {
    let config = server.state.config.as_ref().clone();
    let (_stop, stopping) = watch::channel(false);
    cli::start(config, server.clock.clone(), stopping).await.unwrap()
}

async fn an_import_beside_a_running_server_reaches_its_phones(server: &Server) {
    let file = "组团编号,房号,面积,状态\nA,7-1-101,80,自住\n";
    let import =
        |file| EstateImport { project: "万兴现代城", new_project: false, ..new(file) };
    let mut phone = server.signed_in("steward").await;
    let user = crate::web::user("steward");
    assert!(phone.pull(scope(), "household").await.is_empty());
    phone.push(scope(), user, &[crate::web::visit("before", cluster("A"), &[])]).await;
    let mut heads = server.state.sync.subscribe();

    let other = beside(server).await;
    estate(&other, &import(file.as_bytes())).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(phone.pull(scope(), "household").await.len(), 1);
    // The server's own writer goes on where the other process has ended.
    let outcomes =
        phone.push(scope(), user, &[crate::web::visit("after", cluster("A"), &[])]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    let changed = file.replace("80", "81");
    estate(&other, &import(changed.as_bytes())).await.unwrap_or_else(|e| panic!("{e}"));
    let head = server.state.sync.head(scope()).await.unwrap();
    // Whoever listens on the running server hears of what the other process wrote.
    loop {
        if heads.recv().await.unwrap().head == head {
            break;
        }
    }
    other.sync.stop().await;
    other.db.close().await;
    let report = server::sync::verify(&server.state.db).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.problems);
}

async fn the_samples_can_be_imported(server: &Server) {
    let summary = estate(&server.state, &new(samples::ESTATE)).await;
    let summary = summary.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((summary.units.new, summary.unused), (7, Vec::<String>::new()));
    let owed = ArrearsImport { file: samples::ARREARS, ..owed("") };
    let summary = arrears(&server.state, &owed).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(summary.units, tally(4, 0, 0));
}

async fn what_an_operator_may_not_do_is_said_in_words(server: &Server) {
    let admin = |account: &str| {
        cli::make_admin(&server.state, account.into(), "李敏".into(), PASSWORD.into())
    };
    let taken = admin("steward").await.unwrap_err();
    assert!(taken.contains("已被使用") && taken.contains("taken"), "{taken}");
    let bad = admin("Li Min").await.unwrap_err();
    assert!(bad.contains("小写字母") && bad.contains("3 to 32"), "{bad}");
    let password = cli::replace_password(&server.state, "nobody", PASSWORD.into());
    let unknown = password.await.unwrap_err();
    assert!(unknown.contains("没有账号") && unknown.contains("no account"), "{unknown}");
    let empty = cli::set_company_name(&server.state, " ".into()).await.unwrap_err();
    assert!(empty.contains("公司名称") && empty.contains("empty"), "{empty}");
    for text in [taken, bad, unknown, empty] {
        for code in ["accounts.", "common."] {
            assert!(!text.contains(code), "{text}");
        }
    }
}

/// From nothing to a steward who walks a round, as an operator and an administrator do it.
async fn a_whole_real_start(server: &Server) {
    cli::make_admin(&server.state, "limin".into(), "李敏".into(), PASSWORD.into()).await.unwrap();
    cli::set_company_name(&server.state, "樱园物业".into()).await.unwrap();
    // The first project needs no further word.
    let first = EstateImport { new_project: false, ..new(ESTATE.as_bytes()) };
    let summary = estate(&server.state, &first).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((summary.units.new, summary.templates), (3, builtin::CODES.len()));
    let garden = garden(server).await;
    import_owed(server, "房号,欠费\n1-1-101,10\n").await;

    // The page of accounts takes the clusters from what the administrator's device receives.
    let mut admin = server.visitor();
    let signed = admin.sign_in("limin", PASSWORD).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text());
    assert_eq!(signed.json()["company"], "樱园物业");
    let clusters = admin.pull(garden, "cluster").await;
    let of_x = clusters.iter().find(|row| row["b"]["code"] == "X").unwrap();
    let of_x: ClusterId = of_x["b"]["id"].as_str().unwrap().parse().unwrap();
    let account = |account: &str, role, clusters| {
        let (account, name) = (account.to_owned(), account.to_owned());
        Command::from(CreateAccount { account, name, roles: vec![role], clusters })
    };
    let made =
        [account("jingli", Role::Manager, vec![]), account("guanjia", Role::Steward, vec![of_x])];
    let outcomes = admin.push(Scope::Company, crate::web::user("limin"), &made).await;
    assert!(outcomes.as_array().unwrap().iter().all(|o| o["outcome"] == "applied"), "{outcomes}");
    // The steward receives what lies in her cluster.
    let mut phone = settle_in(server, &admin, "guanjia").await;
    let units = phone.pull(garden, "household").await;
    let mut labels: Vec<_> = units.iter().map(|row| row["b"]["label"].as_str().unwrap()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["1-1-101", "1-2-1501"]);
    assert_eq!(phone.pull(garden, "arrears").await.len(), 1);
    let templates = phone.pull(Scope::Company, "round_template").await;
    assert_eq!(templates.len(), builtin::CODES.len());

    // The manager plans a round with a built-in template, and she walks it.
    let mut desk = settle_in(server, &admin, "jingli").await;
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    let plan = SetSchedule {
        schedule: ScheduleId::derived(&["morning"]),
        cluster: of_x,
        template: builtin::template_id("daily_cluster"),
        name: "晨巡".into(),
        recurrence: Recurrence::Daily,
        windows: vec![Window { from: hour(9), to: hour(12) }],
        role: Role::Steward,
        person: None,
        starts: today,
        ends: None,
    };
    let outcomes = desk.push(garden, crate::web::user("jingli"), &[plan.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
    let plans = phone.pull(garden, "schedule").await;
    let plan: Schedule = serde_json::from_value(plans[0]["b"].clone()).unwrap();
    let due = expand(&plan, &Settings::default(), today, today);
    let start = StartRound {
        round: due[0].id,
        cluster: of_x,
        schedule: Some(plan.id),
        date: today,
        slot: 0,
        template: plan.template,
        version: 1,
    };
    let outcomes = phone.push(garden, crate::web::user("guanjia"), &[start.into()]).await;
    assert_eq!(outcomes[0]["outcome"], "applied", "{outcomes}");
}

/// The administrator gives somebody a password, who signs in and chooses another.
async fn settle_in<'a>(server: &'a Server, admin: &Client<'_>, account: &str) -> Client<'a> {
    let path = format!("/api/v1/accounts/{}/password", crate::web::user(account));
    let given = admin.put(&path, json!({ "password": "the first password" })).await;
    assert_eq!(given.status, StatusCode::NO_CONTENT, "{}", given.text());
    let mut client = server.visitor();
    let signed = client.sign_in(account, "the first password").await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text());
    let own = json!({ "current": "the first password", "new": PASSWORD });
    let changed = client.post("/api/v1/session/password", own).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    client
}

async fn start_on(database: Database) {
    let server = Server::start_empty(database, |_| {}).await;
    a_whole_real_start(&server).await;
    server.close().await;
}

#[tokio::test]
async fn a_whole_real_start_on_sqlite() {
    start_on(Database::Sqlite).await;
}

#[tokio::test]
async fn a_whole_real_start_on_postgres() {
    if crate::web::has_postgres() {
        start_on(Database::Postgres).await;
    }
}
