//! Every method of a service, by its descriptor, and what its audit has of them.

use entrypass_db::Database;
use entrypass_proto::FILE_DESCRIPTOR_SET;
use entrypass_rpc::Transport;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use sea_orm_migration::sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use tonic::{Request, Status, client::Grpc};
use tonic_prost::ProstCodec;
use uuid::Uuid;

/// Calls each method of `service` that answers with one message, with a request that says nothing, and gives their full names
/// (`package.Service/Method`) with what was answered.
pub async fn call_every_method(transport: &Transport, service: &str) -> Vec<(String, Result<(), Status>)> {
    let mut answers = Vec::new();
    for method in unary_methods(service) {
        let path = format!("/{method}").parse().expect("a path");
        let mut client = Grpc::new(transport.clone());
        client.ready().await.expect("a service");
        // Whatever a message holds, it can be read as one without fields.
        let answer = client.unary(Request::new(()), path, ProstCodec::<(), ()>::default()).await;
        answers.push((method, answer.map(drop)));
    }
    answers
}

/// Resource, person and outcome of every audit record of the method of this name in `database`, sorted.
pub async fn audited(database: &Database, method: &str) -> Vec<(Option<String>, Option<Uuid>, String)> {
    let query = format!("SELECT resource, subject, outcome FROM audit_records WHERE rpc LIKE '%/{method}'");
    let statement = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(statement).await.expect("the records");
    let read = |row: &QueryResult| {
        let subject = row.try_get("", "subject").expect("a subject");
        let resource = row.try_get("", "resource").expect("a resource");
        (resource, subject, row.try_get("", "outcome").expect("an outcome"))
    };
    let mut records: Vec<_> = rows.iter().map(read).collect();
    records.sort();
    records
}

fn unary_methods(service: &str) -> Vec<String> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let services = files.file.into_iter().flat_map(|file| {
        let package = file.package().to_owned();
        file.service.into_iter().map(move |service| (format!("{package}.{}", service.name()), service))
    });
    let (name, found) = services.into_iter().find(|(name, _)| name == service).expect("a service");
    let unary = found.method.iter().filter(|method| !method.server_streaming());
    unary.map(|method| format!("{name}/{}", method.name())).collect()
}
