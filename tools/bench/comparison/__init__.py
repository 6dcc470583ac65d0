"""What tools/bench/compare is made of: works (what is measured), machine, report (table, CSV, page), plot (SVG)."""
