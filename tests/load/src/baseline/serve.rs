//! A bare tonic server, in a process of its own: what a call costs before anything is done for it.

use std::{
    convert::Infallible,
    io::Write as _,
    net::Ipv4Addr,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use prost::Message;
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::net::TcpListener;
use tonic::{
    Status,
    body::Body,
    server::{Grpc, NamedService, UnaryService},
    transport::{Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;

use crate::{Failure, client, drive::Source};

/// The one method.
pub const PATH: &str = "/baseline.Bare/Call";
/// Connections to PostgreSQL: as many as a service of the program has.
const CONNECTIONS: u32 = 8;

/// Any bytes.
#[derive(Clone, PartialEq, Message)]
pub struct Content {
    /// For an echo what comes back; for a select the row's number in decimal digits.
    #[prost(bytes = "bytes", tag = "1")]
    pub content: Bytes,
}

/// What the server does with a message.
#[derive(Debug, Clone)]
enum Bare {
    Echo,
    Select(PgPool),
}

/// Serves echoes, or rows of `pgbench_accounts` in the database at a URL, until it is killed. Says where it listens.
pub async fn serve(database: Option<&str>) -> Result<(), Failure> {
    let bare = match database {
        None => Bare::Echo,
        Some(url) => {
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS).min_connections(CONNECTIONS);
            Bare::Select(pool.connect(url).await?)
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(std::io::stdout(), "listening on {}: a baseline", listener.local_addr()?)?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Ok(Server::builder().add_service(bare).serve_with_incoming(incoming).await?)
}

impl Bare {
    async fn answer(self, asked: Content) -> Result<tonic::Response<Content>, Status> {
        let Self::Select(pool) = self else { return Ok(tonic::Response::new(asked)) };
        let aid = std::str::from_utf8(&asked.content).ok().and_then(|text| text.parse::<i32>().ok());
        let aid = aid.ok_or_else(|| Status::invalid_argument("no number"))?;
        let select = sqlx::query_scalar("SELECT abalance FROM pgbench_accounts WHERE aid = $1").bind(aid);
        let balance: i32 =
            select.fetch_one(&pool).await.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(tonic::Response::new(Content { content: balance.to_string().into() }))
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<tonic::Response<Content>, Status>> + Send>>;

impl UnaryService<Content> for Bare {
    type Response = Content;
    type Future = Answering;

    fn call(&mut self, request: tonic::Request<Content>) -> Answering {
        Box::pin(self.clone().answer(request.into_inner()))
    }
}

impl NamedService for Bare {
    const NAME: &'static str = "baseline.Bare";
}

impl tonic::codegen::Service<Request<Body>> for Bare {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Content, Content>::default());
            Ok(grpc.unary(bare, request).await)
        })
    }
}

/// Calls of the echo, as long as a code's text.
#[derive(Debug)]
pub struct Echoes;

/// Calls for one row each, of so many.
#[derive(Debug)]
pub struct Rows(pub u64);

const TEXT: &[u8] = &[b'x'; 193];

/// The message of every echo, in its frame.
#[must_use]
pub fn echo() -> Bytes {
    client::Request::new(PATH, "nobody", &Content { content: Bytes::from_static(TEXT) }).body
}

impl Source for Echoes {
    fn request(&self, nth: u64) -> Option<(u64, client::Request)> {
        let message = Content { content: Bytes::from_static(TEXT) };
        Some((nth, client::Request::new(PATH, "nobody", &message)))
    }

    fn judge(&self, _: u64, answer: &client::Answer) -> Result<(), String> {
        let answer = Content::decode(answer.body.clone()).map_err(|error| error.to_string())?;
        if answer.content == TEXT { Ok(()) } else { Err("another echo".to_owned()) }
    }
}

impl Source for Rows {
    fn request(&self, nth: u64) -> Option<(u64, client::Request)> {
        let aid = 1 + crate::traveller::mixed(nth) % self.0;
        let message = Content { content: aid.to_string().into() };
        Some((nth, client::Request::new(PATH, "nobody", &message)))
    }

    fn judge(&self, _: u64, answer: &client::Answer) -> Result<(), String> {
        let answer = Content::decode(answer.body.clone()).map_err(|error| error.to_string())?;
        if answer.content == b"0"[..] { Ok(()) } else { Err("another row".to_owned()) }
    }
}
