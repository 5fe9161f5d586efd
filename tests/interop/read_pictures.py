#!/usr/bin/env python3
"""Reads the drawings of a QR code with two readers that share nothing with this project or with each other.

    read_pictures.py HOST:PORT TEXT [SIZE ...]

The running program draws the text in every format, at every level and in every module size that it offers, or in those that are
given. PyPI `zxing-cpp` and the program `zbarimg` both have to read exactly this text, once, from each drawing: at its own size,
scaled to half, rotated by 90 degrees, and from the scan of a print that is 35 mm wide. Exit code 0 if they do, else 1.

What this needs is in tests/requirements.txt and, for `zbarimg`, in Debian's package zbar-tools.
"""

import io
import itertools
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import resvg_py
import zxingcpp
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from contract import gateway, gateway_stubs, qr  # noqa: E402
from partner import call, connect  # noqa: E402

MODULE_SIZES = range(4, 33)
LEVELS = (qr.ERROR_CORRECTION_L, qr.ERROR_CORRECTION_M, qr.ERROR_CORRECTION_Q, qr.ERROR_CORRECTION_H)
TERMINAL_CELLS = ((8, 16), (9, 20))
"""Width and height of a character in pixels: square modules, and slightly high ones as most fonts have them."""

PRINT_MILLIMETRES = 35
PRINTERS_DPI = (203, 300)
"""A thermal label printer, and an office printer."""
SCAN_DPI = 360
"""No multiple of what the printers do: about what a telephone's camera sees at a hand's distance."""

Picture = tuple[str, Image.Image]


class Drawer:
    """Asks the running program for drawings of one text."""

    def __init__(self, address: str, text: str):
        self.stub = gateway_stubs.EntryPassServiceStub(connect(address, "operator"))
        self.text = text

    def draw(self, image_format: int, level: int, module_size: int = 0) -> gateway.RenderQrCodeResponse:
        request = gateway.RenderQrCodeRequest(
            content=self.text, format=image_format, error_correction=level, module_size=module_size
        )
        return call(self.stub.RenderQrCode, request)

    def png(self, level: int, module_size: int = 0) -> Image.Image:
        image = Image.open(io.BytesIO(self.draw(qr.IMAGE_FORMAT_PNG, level, module_size).image))
        if image.mode != "1":
            raise AssertionError(f"the PNG has not 1 bit per pixel, but mode {image.mode}")
        return image.convert("L")

    def svg(self, level: int, module_size: int = 0) -> str:
        return self.draw(qr.IMAGE_FORMAT_SVG, level, module_size).text

    def terminal(self, level: int) -> str:
        return self.draw(qr.IMAGE_FORMAT_TERMINAL, level).text


def rasterised(svg: str, **options: object) -> Image.Image:
    """What a foreign renderer makes of an SVG."""
    return Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, **options))).convert("L")


def painted(lines: list[str], width: int, height: int) -> Image.Image:
    """A terminal with these lines, light on dark, with a margin of a character."""
    image = Image.new("L", (width * (len(lines[0]) + 2), height * (len(lines) + 2)), 16)
    halves = {"█": (0, height), "▀": (0, height // 2), "▄": (height // 2, height), " ": (0, 0)}
    for row, line in enumerate(lines, start=1):
        for column, character in enumerate(line, start=1):
            top, bottom = halves[character]
            left = column * width
            image.paste(224, (left, row * height + top, left + width, row * height + bottom))
    return image


def halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def shown(name: str, image: Image.Image, half: Image.Image | None = None) -> Iterator[Picture]:
    """The picture as it is, at half its size, and on its side."""
    yield name, image
    yield f"{name}, half", half or halved(image)
    yield f"{name}, rotated", image.transpose(Image.Transpose.ROTATE_90)


def printed(name: str, dots: dict[int, Image.Image]) -> Iterator[Picture]:
    """Scans of prints that are 35 mm wide with their quiet zone: the ink runs a little, the slip lies askew, paper and light are grey.

    More grain than this is too much for `zbarimg`, however large the modules are, and none for `zxing-cpp`.
    """
    side = round(PRINT_MILLIMETRES / 25.4 * SCAN_DPI)
    noise = random.Random(35)
    for dpi, image in dots.items():
        paper = Image.new("L", (image.width * 5 // 4,) * 2, 255)
        paper.paste(image, (image.width // 8,) * 2)
        ink = paper.filter(ImageFilter.GaussianBlur(dpi / 300)).rotate(2, Image.Resampling.BICUBIC, fillcolor=255)
        scan = ink.resize((side * 5 // 4,) * 2, Image.Resampling.BILINEAR).point(lambda value: 40 + value * 180 // 255)
        grain = Image.frombytes("L", scan.size, noise.randbytes(scan.width * scan.height))
        yield f"{name}, printed at {dpi} dpi", Image.blend(scan, grain, 0.08)


def dots_wide(dpi: int) -> int:
    return round(PRINT_MILLIMETRES / 25.4 * dpi)


def pictures(drawer: Drawer, level: int, sizes: Iterable[int]) -> Iterator[Picture]:
    name = qr.ErrorCorrection.Name(level)[-1]
    for size in sizes:
        yield from shown(f"PNG {name} {size}", drawer.png(level, size))
        svg = drawer.svg(level, size)
        yield from shown(f"SVG {name} {size}", rasterised(svg), rasterised(svg, zoom=0.5))
    lines = drawer.terminal(level).splitlines()
    for cell in TERMINAL_CELLS:
        yield from shown(f"terminal {name} {cell}", painted(lines, *cell))
    png, svg = drawer.png(level), drawer.svg(level)
    nearest = Image.Resampling.NEAREST
    dots = {dpi: png.resize((dots_wide(dpi),) * 2, nearest) for dpi in PRINTERS_DPI}
    yield from printed(f"PNG {name}", dots)
    yield from printed(f"SVG {name}", {dpi: rasterised(svg, width=dots_wide(dpi)) for dpi in PRINTERS_DPI})


def by_zxing(image: Image.Image) -> list[str]:
    codes = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in codes]


def by_zbar(folder: Path) -> dict[str, list[str]]:
    """The texts in each picture of the folder, by file name."""
    command = ["zbarimg", "--quiet", "--xml", "--nodbus", "-Sdisable", "-Sqrcode.enable", *sorted(folder.iterdir())]
    # It exits with 4 when some picture has no code; which one, stands in what it prints.
    xml = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    found: dict[str, list[str]] = {}
    for source in ElementTree.fromstring(xml).findall(".//{*}source"):
        texts = [data.text or "" for data in source.findall(".//{*}data")]
        found[Path(source.get("href", "")).name] = texts
    return found


def readings(text: str, drawn: Iterable[Picture]) -> list[tuple[str, list[str]]]:
    """What each reader finds in each picture."""
    found = []
    with tempfile.TemporaryDirectory() as directory:
        names = []
        for number, (name, image) in enumerate(drawn):
            names.append(name)
            found.append((f"zxing-cpp: {name}", by_zxing(image)))
            image.save(Path(directory) / f"{number:04}.pgm")
        zbar = by_zbar(Path(directory))
    return found + [(f"zbarimg: {name}", zbar.get(f"{number:04}.pgm", [])) for number, name in enumerate(names)]


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    address, text, *sizes = sys.argv[1:]
    wanted_sizes = [int(size) for size in sizes] or MODULE_SIZES
    drawer = Drawer(address, text)
    # Renderer and readers are compiled code: threads keep all cores busy.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        levels = pool.map(lambda level: readings(text, pictures(drawer, level, wanted_sizes)), LEVELS)
        found = list(itertools.chain.from_iterable(levels))
    unread = [f"{what}: {texts}" for what, texts in found if texts != [text]]
    if unread:
        print(*unread, sep="\n", file=sys.stderr)
    print(f"{len(found)} readings, {len(unread)} of them wrong")
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main())
