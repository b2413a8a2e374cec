"""Makes pictures of every mode and size in a folder, and says what Pillow makes of each, one JSON line per result."""

import hashlib
import json
import random
import sys

from PIL import Image

FOLDER = sys.argv[1]
FILTERS = {
    "pil-bilinear": Image.BILINEAR,
    "pil-bicubic": Image.BICUBIC,
    "pil-lanczos": Image.LANCZOS,
}
SIZES = [(1, 1), (1, 37), (53, 1), (2, 3), (7, 5), (31, 47), (64, 64), (97, 61), (255, 129)]
TARGETS = [(1, 1), (1, 9), (13, 1), (5, 8), (32, 32), (61, 97), (200, 33)]

random.seed(20250101)


def colours(width, height):
    """Smooth on one axis and rough on the other, with hard edges: every filter has something to do."""
    picture = Image.new("RGB", (width, height))
    picture.putdata(
        [
            ((x * 255) // width, random.randrange(256), 255 if (x // 3 + y // 2) % 2 else 0)
            for y in range(height)
            for x in range(width)
        ]
    )
    return picture


def pictures(width, height):
    rgb = colours(width, height)
    gray = rgb.convert("L")
    alpha = Image.new("L", (width, height))
    alpha.putdata([random.randrange(256) for _ in range(width * height)])
    palette = rgb.quantize(61)
    yield "rgb.png", rgb, {}
    yield "gray.png", gray, {}
    yield "gray-alpha.png", Image.merge("LA", (gray, alpha)), {}
    yield "rgb-alpha.png", Image.merge("RGBA", (*rgb.split(), alpha)), {}
    yield "palette.png", palette, {}
    yield "palette-alpha.png", palette, {"transparency": bytes(range(0, 244, 4))}
    yield "palette-4-bit.png", rgb.quantize(11), {"bits": 4}
    yield "one-bit.png", rgb.convert("1"), {}
    yield "rgb.webp", rgb, {"lossless": True}
    yield "rgb-alpha.webp", Image.merge("RGBA", (*rgb.split(), alpha)), {"lossless": True, "exact": True}
    yield "lossy.webp", rgb, {"quality": 80}
    yield "rgb.jpg", rgb, {"quality": 88}
    yield "full-colour.jpg", rgb, {"quality": 92, "subsampling": 0}
    yield "progressive.jpg", rgb, {"quality": 80, "progressive": True}
    yield "gray.jpg", gray, {"quality": 85}
    yield "palette.gif", palette, {}
    yield "palette-alpha.gif", palette, {"transparency": 7}
    yield "gray-alpha.gif", gray, {"transparency": gray.getpixel((0, 0))}
    yield "inks.jpg", Image.merge("CMYK", (*rgb.split(), alpha)), {"quality": 90}


for width, height in SIZES:
    for name, picture, options in pictures(width, height):
        file = f"{width}x{height}-{name}"
        picture.save(f"{FOLDER}/{file}", **options)
        decoded = Image.open(f"{FOLDER}/{file}").convert("RGB")
        for target in random.sample(TARGETS, 3):
            for resample in random.sample(sorted(FILTERS), 2):
                pixels = decoded.resize(target, FILTERS[resample]).tobytes()
                digest = hashlib.sha256(pixels).hexdigest()
                print(json.dumps({"file": file, "target": target, "resample": resample, "sha256": digest}))
