//! Pixels: lines that are drawn twice as large and then settled, so that they have no steps, and letters on top of them.
//! Whatever lies outside is left out.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::iso_8859_1::{FONT_6X10, FONT_7X13_BOLD};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::Drawable;
use embedded_graphics::primitives::{Circle, Line, Primitive, PrimitiveStyle};
use embedded_graphics::text::Text;
use std::convert::Infallible;

pub struct Canvas {
    width: u32,
    height: u32,
    /// How much larger it is than what it will be.
    zoom: u32,
    pixels: Vec<Rgb888>,
}

impl Canvas {
    /// White, and twice as large for now.
    pub fn new(width: u32, height: u32) -> Canvas {
        Canvas::of(width * 2, height * 2, 2)
    }

    fn of(width: u32, height: u32, zoom: u32) -> Canvas {
        Canvas { width, height, zoom, pixels: vec![Rgb888::WHITE; (width * height) as usize] }
    }

    fn point(&self, (x, y): (f64, f64)) -> Point {
        let zoom = f64::from(self.zoom);
        // Saturates: what is far outside stays outside.
        Point::new((x * zoom).clamp(-1e6, 1e6).round() as i32, (y * zoom).clamp(-1e6, 1e6).round() as i32)
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: Rgb888, width: u32) {
        let line = Line::new(self.point(from), self.point(to));
        let Ok(()) = line.into_styled(PrimitiveStyle::with_stroke(colour, width * self.zoom)).draw(self);
    }

    pub fn dot(&mut self, at: (f64, f64), colour: Rgb888) {
        let dot = Circle::with_center(self.point(at), 5 * self.zoom);
        let Ok(()) = dot.into_styled(PrimitiveStyle::with_fill(colour)).draw(self);
    }

    /// `y` is the line that letters stand on.
    pub fn small(&mut self, x: f64, y: f64, text: &str, colour: Rgb888) {
        self.text(x, y, text, &FONT_6X10, colour);
    }

    pub fn bold(&mut self, x: f64, y: f64, text: &str, colour: Rgb888) {
        self.text(x, y, text, &FONT_7X13_BOLD, colour);
    }

    fn text(&mut self, x: f64, y: f64, text: &str, font: &MonoFont<'_>, colour: Rgb888) {
        let at = self.point((x, y));
        let Ok(_) = Text::new(text, at, MonoTextStyle::new(font, colour)).draw(self);
    }

    /// In its real size: each pixel is what its four were together.
    pub fn settle(self) -> Canvas {
        let zoom = self.zoom;
        let mut out = Canvas::of(self.width / zoom, self.height / zoom, 1);
        for y in 0..out.height {
            for x in 0..out.width {
                let mut sum = [0u32; 3];
                for at in (0..zoom * zoom).map(|n| (y * zoom + n / zoom) * self.width + x * zoom + n % zoom) {
                    let pixel = self.pixels[at as usize];
                    for (sum, part) in sum.iter_mut().zip([pixel.r(), pixel.g(), pixel.b()]) {
                        *sum += u32::from(part);
                    }
                }
                let [r, g, b] = sum.map(|s| u8::try_from(s / (zoom * zoom)).unwrap_or(u8::MAX));
                out.pixels[(y * out.width + x) as usize] = Rgb888::new(r, g, b);
            }
        }
        out
    }

    pub fn png(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let bytes: Vec<u8> = self.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]).collect();
        let mut writer = encoder.write_header().ok()?;
        writer.write_image_data(&bytes).ok()?;
        writer.finish().ok()?;
        Some(out)
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            if x < self.width && y < self.height {
                self.pixels[(y * self.width + x) as usize] = colour;
            }
        }
        Ok(())
    }
}
