//! How a code shall be drawn.

use entrypass_proto::qr::v1 as pb;
use entrypass_rule::{Rule, Text, Violations};
use entrypass_symbol::{ErrorCorrection, ModuleSize};

/// Module size of a caller who states none, in pixels.
const DEFAULT_MODULE_SIZE: u32 = 6;

/// How a code shall be drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing {
    pub(crate) format: Format,
    pub(crate) error_correction: ErrorCorrection,
    pub(crate) module_size: ModuleSize,
}

/// What it shall be drawn as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    Png,
    Svg,
    Terminal,
}

pub(crate) fn drawing(format: i32, error_correction: i32, module_size: i32) -> Result<Drawing, Violations> {
    use pb::{ErrorCorrection as Level, ImageFormat};
    let mut violations = Violations::default();
    let format = match ImageFormat::try_from(format) {
        Ok(ImageFormat::Unspecified | ImageFormat::Png) => Some(Format::Png),
        Ok(ImageFormat::Svg) => Some(Format::Svg),
        Ok(ImageFormat::Terminal) => Some(Format::Terminal),
        Err(_) => None,
    };
    let error_correction = match Level::try_from(error_correction) {
        Ok(Level::Unspecified | Level::Q) => Some(ErrorCorrection::Quartile),
        Ok(Level::L) => Some(ErrorCorrection::Low),
        Ok(Level::M) => Some(ErrorCorrection::Medium),
        Ok(Level::H) => Some(ErrorCorrection::High),
        Err(_) => None,
    };
    let module_size = match module_size {
        _ if matches!(format, Some(Format::Terminal)) => ModuleSize::try_from(DEFAULT_MODULE_SIZE).ok(),
        0 => ModuleSize::try_from(DEFAULT_MODULE_SIZE).ok(),
        size => u32::try_from(size).ok().and_then(|size| ModuleSize::try_from(size).ok()),
    };
    let unknown =
        || Rule::new("UNKNOWN_VALUE", Text::new("不在可选范围内", "not one of the published values"));
    if format.is_none() {
        violations.add("format", unknown());
    }
    if error_correction.is_none() {
        violations.add("error_correction", unknown());
    }
    let (Some(format), Some(error_correction), Some(module_size)) = (format, error_correction, module_size)
    else {
        if module_size.is_none() {
            let text = Text::new("模块边长须为4至32", "a module is 4 to 32 wide");
            violations.add("module_size", Rule::new("OUT_OF_RANGE", text));
        }
        return Err(violations);
    };
    Ok(Drawing { format, error_correction, module_size })
}
