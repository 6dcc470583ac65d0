"""The ratios as a picture, without any library."""

import math
from html import escape

WIDTH, LEFT, RIGHT, TOP, LINE = 880, 260, 240, 44, 34
INK, FAINT, MET, MISSED, GOAL = "#24292f", "#d0d7de", "#2f6f4f", "#9a6700", "#cf222e"


def _axis(rows):
    """Powers of two that hold every ratio and goal, and 1."""
    values = [1.0, *(row.ratio for row in rows), *(row.work.goal for row in rows)]
    low, high = math.floor(math.log2(min(values))), math.ceil(math.log2(max(values)))
    return low, max(high, low + 1)


def svg_text(rows):
    """Bars on a logarithmic axis, from 1 (as fast as the fastest peer); a stroke marks each goal."""
    rows = [row for row in rows if row.work.measure == "ratio"]
    if not rows:
        raise ValueError("no row has a ratio to draw")
    low, high = _axis(rows)
    height = TOP + LINE * len(rows) + 40

    def x(ratio):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log2(ratio) - low) / (high - low)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="13" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="22" font-size="15" font-weight="bold">How many times faster than the fastest peer</text>',
    ]
    bottom = TOP + LINE * len(rows)
    for power in range(low, high + 1):
        at, text = x(2.0**power), f"{2.0**power:g}x"
        out.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{bottom}" stroke="{INK if power == 0 else FAINT}"/>')
        out.append(f'<text x="{at:.1f}" y="{bottom + 17}" text-anchor="middle">{text}</text>')
    for i, row in enumerate(rows):
        y = TOP + LINE * i + 7
        begin, end = sorted((x(1.0), x(row.ratio)))
        goal = x(row.work.goal)
        out.append(f'<text x="{LEFT - 12}" y="{y + 15}" text-anchor="end">{escape(row.work.title)}</text>')
        out.append(f'<rect x="{begin:.1f}" y="{y}" width="{max(end - begin, 1):.1f}" height="20" fill="{MET if row.met else MISSED}"/>')
        out.append(f'<line x1="{goal:.1f}" y1="{y - 4}" x2="{goal:.1f}" y2="{y + 24}" stroke="{GOAL}" stroke-width="2"/>')
        note = f"{row.ratio:.2f}x of {row.best_peer}"
        out.append(f'<text x="{WIDTH - RIGHT + 14}" y="{y + 15}">{escape(note)}</text>')
    out.append(f'<text x="{LEFT}" y="{height - 6}" font-size="12"><tspan fill="{GOAL}" font-weight="bold">|</tspan> goal; green: reached</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
