#!/usr/bin/env python3
"""Reads a QR code's picture with two readers that share nothing with this project or with each other.

    read_qr.py <png file> <expected text>

PyPI `zxing-cpp` and the program `zbarimg` both have to read exactly one code with exactly this text, from the picture
at its own size. Exit code 0 if they do, else 1.

What they need is in tests/requirements.txt and, for `zbarimg`, in Debian's package zbar-tools.
"""

import argparse
import subprocess
import sys

import zxingcpp
from PIL import Image


def by_zxing(path: str) -> list[str]:
    with Image.open(path) as image:
        codes = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in codes]


def by_zbar(path: str) -> list[str]:
    # Each text ends with a line feed and may itself end with a space.
    command = ["zbarimg", "-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", path]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return output.removesuffix("\n").split("\n")


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("png", help="file with the picture")
    parser.add_argument("text", help="what it has to say")
    arguments = parser.parse_args()
    right = True
    for name, read in (("zxing-cpp", by_zxing), ("zbarimg", by_zbar)):
        found = read(arguments.png)
        if found != [arguments.text]:
            print(f"{name}: read {found!r}, wanted {arguments.text!r}", file=sys.stderr)
            right = False
    return right


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
