"""A system as a model card, in Markdown, gathered from the parts that each app brings.

The headings are those of Mitchell et al., Model Cards for Model Reporting, 2019.
"""

from django.utils import timezone

from incidents.card import card_parts as of_incidents
from mlops_portal.engine.markdown import plain
from monitoring.card import card_parts as of_monitoring
from systems.card import card_parts as of_systems
from systems.models import System

HEADINGS = {
    "Model Details": "",
    "Intended Use": "",
    "Factors": "",
    "Metrics": "",
    "Evaluation Data": "",
    "Training Data": "",
    "Quantitative Analyses": "",
    "Ethical Considerations": "The portal asks no question about them: write here what was considered, and with whom.",
    "Caveats and Recommendations": "",
}


def model_card(system: System) -> str:
    """Return the card of the system as it stands now."""
    parts = [*of_systems(system), *of_monitoring(system), *of_incidents(system)]
    below = {heading: [text] if text else [] for heading, text in HEADINGS.items()}
    for heading, text in parts:
        below[heading].append(text)
    made = f"Model card, made from the registry on {timezone.now():%-d %B %Y}."
    sections = [part for heading, texts in below.items() for part in (f"## {heading}", *texts)]
    return "\n\n".join([f"# {plain(system.name)}", made, *sections]) + "\n"
