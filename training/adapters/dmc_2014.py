"""The orders of the Data Mining Cup 2014: a year of a German fashion shop, each line with whether it came back.

The columns are read as `fashion_orders` says. The files are the Cup's (prudsys AG): orders_train.txt with returnShipment, and
orders_class.txt without it, whose answers are in orders_realclass.txt.
"""

from __future__ import annotations

from training.adapters.adapter import Adapter
from training.adapters.fashion_orders import Layout
from training.adapters.source_file import Delimited

LAYOUT = Layout(
    {
        "line_id": "orderItemID",
        "ordered_at": "orderDate",
        "delivered_at": "deliveryDate",
        "style_id": "itemID",
        "size": "size",
        "colour": "color",
        "brand": "manufacturerID",
        "price": "price",
        "customer_id": "customerID",
        "joined_at": "creationDate",
        "returned": "returnShipment",
    },
    Delimited(";", ("", "?", "??")),
)
"""Columns of orders_train.txt and orders_class.txt."""

ADAPTER = Adapter(
    "dmc-2014",
    "Data Mining Cup 2014: a year of a German fashion shop's order lines and whether they came back (orders_train.txt of prudsys AG; "
    "for participants, no redistribution; returns are dated 14 days after delivery, as the file does not say when).",
    LAYOUT.convert,
)
