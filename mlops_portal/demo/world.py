"""Who and what the demo world consists of. Everything here is invented; people are named by what they do."""

from dataclasses import dataclass, field

from systems.models import Group, Phase, Role

TEAMS = {"customers": "Customer analytics", "payments": "Payments risk", "logistics": "Logistics planning"}


@dataclass(frozen=True)
class Somebody:
    """A person of the demo; only who `signs_in` is given the password."""

    username: str
    group: Group
    team: str | None = None
    signs_in: bool = False
    has_left: bool = False

    @property
    def name(self) -> str:
        return self.username.replace("-", " ").capitalize()

    @property
    def email(self) -> str:
        return f"{self.username}@portal.test"


PEOPLE = [
    Somebody("admin", Group.ADMINISTRATOR, signs_in=True),
    Somebody("product-owner", Group.VIEWER, signs_in=True),
    Somebody("data-scientist", Group.DATA_SCIENTIST, "customers", signs_in=True),
    Somebody("on-call", Group.ON_CALL, "payments", signs_in=True),
    Somebody("manager", Group.MANAGER, signs_in=True),
    Somebody("data-engineer", Group.VIEWER, "logistics"),
    Somebody("service-developer", Group.VIEWER, "payments"),
    Somebody("logistics-analyst", Group.VIEWER, "logistics"),  # leaves soon: mlops_portal/demo/promises.py
    Somebody("former-data-scientist", Group.DATA_SCIENTIST, "logistics", has_left=True),
]


@dataclass(frozen=True)
class Product:
    """A system of the demo, and who holds which of its roles."""

    slug: str
    name: str
    purpose: str
    team: str
    tier: int
    phase: Phase
    tags: list[str] = field(default_factory=list)
    restricted: bool = False
    owners: dict[Role, str] = field(default_factory=dict)
    deputies: dict[Role, str] = field(default_factory=dict)


PRODUCTS = [
    Product(
        "churn-forecast",
        "Churn forecast",
        "Says each night which subscribers are likely to leave next month, so that the service desk calls them first.",
        "customers",
        2,
        Phase.OPERATIONS,
        ["batch", "subscriptions"],
        owners={
            Role.PRODUCT_OWNER: "product-owner",
            Role.MODEL_OWNER: "data-scientist",
            Role.SERVICE_OWNER: "service-developer",
            Role.OPERATIONS_OWNER: "on-call",
            Role.DATA_OWNER: "data-engineer",
        },
        deputies={Role.MODEL_OWNER: "service-developer", Role.OPERATIONS_OWNER: "data-engineer"},
    ),
    Product(
        "card-fraud-score",
        "Card fraud score",
        "Scores each card payment while the customer waits; above the limit it is held back and a person looks at it.",
        "payments",
        1,
        Phase.OPERATIONS,
        ["online", "payments"],
        owners={
            Role.PRODUCT_OWNER: "product-owner",
            Role.SERVICE_OWNER: "data-engineer",  # handed over later: mlops_portal/demo/promises.py
            Role.OPERATIONS_OWNER: "on-call",
        },
    ),
    Product(
        "delivery-times",
        "Delivery times",
        "Tells customers at the checkout on which day a parcel will arrive, and plans the vans of the day before.",
        "logistics",
        2,
        Phase.OPERATIONS,
        ["online", "parcels"],
        owners={Role.MODEL_OWNER: "former-data-scientist", Role.DATA_OWNER: "data-engineer"},
    ),
    Product(
        "ticket-routing",
        "Ticket routing",
        "Reads each message to the service desk and sends it to the queue of the people who can answer it.",
        "customers",
        3,
        Phase.OPERATIONS,
        ["text", "service desk"],
        owners={
            Role.PRODUCT_OWNER: "manager",
            Role.MODEL_OWNER: "data-scientist",
            Role.SERVICE_OWNER: "service-developer",
            Role.OPERATIONS_OWNER: "on-call",
            Role.DATA_OWNER: "data-engineer",
        },
    ),
    Product(
        "search-ranking",
        "Search ranking",
        "Puts the results of the shop's search in the order in which customers are likely to want them.",
        "customers",
        2,
        Phase.ENGINEERING,
        ["online", "shop"],
        owners={Role.PRODUCT_OWNER: "product-owner", Role.MODEL_OWNER: "data-scientist"},
    ),
    Product(
        "demand-forecast",
        "Demand forecast",
        "Says how much of each article a warehouse will need in the next two weeks; buyers order from it.",
        "logistics",
        3,
        Phase.OPERATIONS,
        ["batch", "warehouse"],
        owners={Role.MODEL_OWNER: "logistics-analyst", Role.DATA_OWNER: "data-engineer"},
        deputies={Role.DATA_OWNER: "logistics-analyst"},
    ),
    Product(
        "invoice-reader",
        "Invoice reader",
        "Takes amount, date and supplier from scanned invoices, so that nobody types them; a clerk checks the rest.",
        "payments",
        4,
        Phase.RESEARCH,
        ["documents"],
    ),
    Product(
        "credit-limits",
        "Credit limits",
        "Suggests how much a business customer may buy on account. A person decides; the trial is not public.",
        "payments",
        1,
        Phase.RESEARCH,
        ["payments"],
        restricted=True,
        owners={Role.PRODUCT_OWNER: "manager"},
        deputies={Role.PRODUCT_OWNER: "service-developer"},
    ),
]
