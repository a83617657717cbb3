"""A picture of a terminal program's screen, for the read-me: needs pyte and Pillow, and is run by hand.

    screenshot.py OUT.png COLUMNS ROWS SECONDS KEYS PROGRAM [ARGUMENT...]

The program runs in a pseudo-terminal; after SECONDS the keys are typed, and after as many again the screen is drawn.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from pathlib import Path

import pyte
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
SIZE = 15
PALETTE = {
    "default": "d4d4d4", "black": "1e1e1e", "red": "f14c4c", "green": "73c991", "brown": "e2c08d", "blue": "4fa6ed",
    "magenta": "c586c0", "cyan": "56b6c2", "white": "d4d4d4", "brightred": "f14c4c", "brightgreen": "73c991",
    "brightbrown": "e2c08d", "brightblue": "4fa6ed", "brightmagenta": "c586c0", "brightcyan": "56b6c2",
    "brightblack": "808080", "brightwhite": "ffffff",
}  # fmt: skip


def main() -> None:
    """Draw the screen."""
    out, columns, rows, seconds, keys, *command = sys.argv[1:]
    screen = pyte.Screen(int(columns), int(rows))
    run(command, screen, float(seconds), keys.encode().decode("unicode_escape"))
    draw(screen).save(Path(out), optimize=True)


def run(command: list[str], screen: "pyte.Screen", seconds: float, keys: str) -> None:
    """Run the program and feed its output to the screen."""
    child, master = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execvp(command[0], command)  # noqa: S606 - the caller names the program
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", screen.lines, screen.columns, 0, 0))
    stream = pyte.ByteStream(screen)
    for typed in (keys, ""):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([master], [], [], min(left, 0.1))[0]:
                try:
                    stream.feed(os.read(master, 1 << 16))
                except OSError:
                    return
        os.write(master, typed.encode())
    os.kill(child, 9)


def draw(screen: "pyte.Screen") -> Image.Image:
    """Draw the characters of a screen."""
    regular, bold = (ImageFont.truetype(FONT.format(style), SIZE) for style in ("", "-Bold"))
    width, height = round(regular.getlength("M")), SIZE + 5
    image = Image.new("RGB", (width * screen.columns + 20, height * screen.lines + 20), "#1e1e1e")
    pen = ImageDraw.Draw(image)
    for row in range(screen.lines):
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            front, back = colour(cell.fg, "default"), colour(cell.bg, "black")
            if cell.reverse:
                front, back = back, front
            x, y = 10 + column * width, 10 + row * height
            if back != colour("black", "black"):
                pen.rectangle((x, y, x + width, y + height), fill=back)
            pen.text((x, y), cell.data, fill=front, font=bold if cell.bold else regular)
            if cell.underscore:
                pen.line((x, y + height - 3, x + width, y + height - 3), fill="#f14c4c", width=2)
    return image


def colour(name: str, default: str) -> str:
    """Return a colour as Pillow takes it."""
    if name == "default":
        name = default
    return "#" + PALETTE.get(name, name)


if __name__ == "__main__":
    main()
