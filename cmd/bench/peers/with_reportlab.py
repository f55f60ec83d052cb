"""with_reportlab.py CARDS.json OUT.pdf: the sheets of `peers`, by reportlab, with its own QR widget."""

import json
import sys

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

INK = Color(23 / 255, 28 / 255, 36 / 255)
QUIET = Color(94 / 255, 104 / 255, 118 / 255)
ACCENT = Color(20 / 255, 68 / 255, 122 / 255)
TINT = Color(239 / 255, 242 / 255, 246 / 255)
WIDTH, HEIGHT, PAD, SIDE = 85.6, 54, 5, 19


def text(c, font, size, color, x, y, words, draw=None):
    c.setFont(font, size)
    c.setFillColor(color)
    (draw or c.drawString)(x * mm, A4[1] - y * mm, words)


def draw_card(c, job, card, x, y):
    left, right = x + PAD, x + WIDTH - PAD
    text(c, "bold", 13, ACCENT, left, y + 10.6, job["Brand"])
    text(c, "regular", 7.5, QUIET, left, y + 14.2, job["Kind"])
    text(c, "bold", 20, INK, right, y + 10.6, job["Price"], c.drawRightString)
    c.setFillColor(ACCENT)
    c.rect(left * mm, A4[1] - (y + 27) * mm, 1.2 * mm, 10.2 * mm, stroke=0, fill=1)
    c.setFillColor(TINT)
    c.rect((left + 1.2) * mm, A4[1] - (y + 27) * mm, (WIDTH - 2 * PAD - 1.2) * mm, 10.2 * mm, stroke=0, fill=1)
    text(c, "mono", 14, INK, left + 1.2 + (WIDTH - 2 * PAD - 1.2) / 2, y + 23.6, card["Code"], c.drawCentredString)
    for n, line in enumerate(job["Instructions"]):
        text(c, "regular", 7.5, INK, left, y + 32 + 3.5 * n, line)
    for label, value, at in (("Serial", card["Serial"], 0), ("Series", job["Series"], 14.6), ("Valid till", job["ValidTill"], 29.2)):
        text(c, "regular", 6, QUIET, left + at, y + 45.7, label)
        text(c, "bold", 8.5, INK, left + at, y + 49, value)
    code = QrCodeWidget(job["Address"] + card["Code"], barLevel="M", barBorder=0, barWidth=SIDE * mm, barHeight=SIDE * mm)
    drawing = Drawing(SIDE * mm, SIDE * mm)
    drawing.add(code)
    renderPDF.draw(drawing, c, (right - SIDE) * mm, A4[1] - (y + HEIGHT - PAD) * mm)


def main(source, out):
    with open(source, encoding="utf-8") as f:
        job = json.load(f)
    for font in ("regular", "bold", "mono"):
        pdfmetrics.registerFont(TTFont(font, f"{job['Fonts']}/{font}.ttf"))
    c = Canvas(out, pagesize=A4, pageCompression=1)
    for i, card in enumerate(job["Cards"]):
        if i and i % 10 == 0:
            c.showPage()
        draw_card(c, job, card, 19.4 + i % 2 * WIDTH, 13.5 + i % 10 // 2 * HEIGHT)
    c.save()


main(*sys.argv[1:])
