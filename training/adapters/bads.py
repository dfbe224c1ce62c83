"""The order file of the course Business Analytics and Data Science (HU Berlin): a German fashion shop's lines, and whether they came back.

The columns are read as `fashion_orders` says. The winter terms 2017/18 and 2018/19 handed out BADS_WS1718_known.csv and
BADS_WS1819_known.csv; the files to be forecast (…_class.csv, …_unknown.csv) have no answers.
"""

from __future__ import annotations

from training.adapters.adapter import Adapter
from training.adapters.fashion_orders import Layout
from training.adapters.source_file import Delimited

LAYOUT = Layout(
    {
        "line_id": "order_item_id",
        "ordered_at": "order_date",
        "delivered_at": "delivery_date",
        "style_id": "item_id",
        "size": "item_size",
        "colour": "item_color",
        "brand": "brand_id",
        "price": "item_price",
        "customer_id": "user_id",
        "joined_at": "user_reg_date",
        "returned": "return",
    },
    Delimited(",", ("", "?", "NA")),
)
"""Columns of the files with answers."""

ADAPTER = Adapter(
    "bads",
    "BADS order file of HU Berlin: a German fashion shop's order lines and whether they came back (course material, no redistribution; "
    "returns are dated 14 days after delivery, as the file does not say when).",
    LAYOUT.convert,
)
