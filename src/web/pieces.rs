//! A body that is there already, in pieces: each goes out before the next is copied for
//! it, so that the answer is not copied as a whole. Its length is known beforehand.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

/// Pieces that are not sent yet, none of them empty.
pub struct Pieces {
    length: u64,
    rest: IntoIter<Vec<u8>>,
}

impl Pieces {
    pub fn new(mut pieces: Vec<Vec<u8>>) -> Pieces {
        // An empty one would be taken for the end.
        pieces.retain(|piece| !piece.is_empty());
        Pieces {
            length: pieces.iter().map(|piece| piece.len() as u64).sum(),
            rest: pieces.into_iter(),
        }
    }
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.rest.next().map(|piece| Ok(piece.into())))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_web::body::to_bytes;
    use actix_web::http::StatusCode;
    use actix_web::{App, HttpResponse, test, web};

    use super::*;

    /// The pieces as they come, and the length that was told before.
    async fn sent(pieces: Vec<Vec<u8>>) -> (u64, Vec<Vec<u8>>) {
        let mut body = Pieces::new(pieces);
        let BodySize::Sized(length) = body.size() else {
            return (u64::MAX, Vec::new());
        };
        let mut come = Vec::new();
        while let Some(Ok(piece)) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            come.push(piece.to_vec());
        }
        (length, come)
    }

    #[actix_web::test]
    async fn pieces_come_as_they_are_and_their_length_beforehand() {
        let long = vec![vec![1; 40_000], vec![2; 33_000], vec![3]];
        assert_eq!(sent(long.clone()).await, (73_001, long));
        let short = vec![b"{}".to_vec()];
        assert_eq!(sent(short.clone()).await, (2, short));
    }

    #[actix_web::test]
    async fn empty_pieces_do_not_end_it_and_nothing_is_a_body_of_no_bytes() {
        let gaps = vec![vec![], vec![1], vec![], vec![2, 3]];
        assert_eq!(sent(gaps).await, (3, vec![vec![1], vec![2, 3]]));
        assert_eq!(sent(Vec::new()).await, (0, Vec::new()));
    }

    #[actix_web::test]
    async fn an_answer_of_pieces_arrives_whole() {
        let answer = || async {
            let pieces = vec![b"one, ".to_vec(), b"two".to_vec()];
            HttpResponse::Ok().body(Pieces::new(pieces))
        };
        let app = test::init_service(App::new().route("/", web::get().to(answer))).await;
        let request = test::TestRequest::get().uri("/").to_request();
        let response = test::call_service(&app, request).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.into_body();
        assert_eq!(body.size(), BodySize::Sized(8));
        assert_eq!(to_bytes(body).await.unwrap_or_default(), "one, two");
    }
}
