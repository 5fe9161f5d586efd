//! Drawing what this system signed, and nothing else.

use std::iter::once;

use entrypass_proto::qr::v1 as pb;
use entrypass_rule::Violations;
use entrypass_symbol::{LENGTH_AT_EVERY_LEVEL, Symbol};
use entrypass_token::MAX_TEXT_LENGTH;

use super::{Codes, verify::Reading};
use crate::{
    error::Error,
    wire::{self, Format},
};

const _: () = assert!(MAX_TEXT_LENGTH <= LENGTH_AT_EVERY_LEVEL, "every token can be drawn at every level");

impl Codes {
    pub(super) async fn render(
        &self,
        message: &pb::RenderQrCodeRequest,
    ) -> Result<pb::RenderQrCodeResponse, Error> {
        let mut violations = Violations::default();
        let drawing = wire::drawing(message.format, message.error_correction, message.module_size);
        let drawing = violations.collect(drawing);
        if let Err(broken) = wire::scanned("content", &message.content) {
            violations.extend(broken);
        } else if !matches!(*self.read(once(message.content.as_str())).await?, [Reading::Genuine(_)]) {
            violations.extend(wire::not_a_code());
        }
        let drawing = violations.finish(|| drawing)?;
        let symbol = Symbol::encode(&message.content, drawing.error_correction)
            .map_err(|_| Error::from(wire::not_a_code()))?;
        let mut answer = pb::RenderQrCodeResponse::default();
        match drawing.format {
            Format::Png => {
                answer.media_type = "image/png".to_owned();
                answer.image = symbol.png(drawing.module_size)?;
            }
            Format::Svg => {
                answer.media_type = "image/svg+xml".to_owned();
                answer.text = symbol.svg(drawing.module_size);
            }
            Format::Terminal => {
                answer.media_type = "text/plain; charset=utf-8".to_owned();
                answer.text = symbol.terminal();
            }
        }
        Ok(answer)
    }
}
