"""What the people of the two well-kept systems wrote: runbooks by situation, and answers by question."""

RUNBOOKS = {
    "normal": """A quiet day: 200 to 600 predictions, hardly a field that is empty, quality in its band.

- [ ] Look at the chart of the leading figure: is today inside the band?
- [ ] Look at how many predictions there were, and at the empty fields.
""",
    "feed_unavailable": """Users keep the last prediction for a day; after that they get none, and are told so.

- [ ] Look whether the newest line of the prediction log is older than an hour.
- [ ] Call the team of the feed, and write on the incident what they say.
- [ ] After a day: switch the answers off, and tell the product owner.
- [ ] When data comes again: compare the first hour with a usual one before switching on.
""",
    "anomalous_input": """A field that is empty is taken to be as usual; a row that does not fit is refused.

- [ ] Find the field: its share of empty values is on the page of the system.
- [ ] Ask the data owner since when it is so, and what was released that day.
- [ ] If it lasts for more than a day, go back to what was used before the model.
""",
    "load": """Tried at fifty requests a second; beyond that answers become slow before any is lost.

- [ ] Look at the latency: above half a second, start a second server.
- [ ] Ask who sends more than usual; batch jobs can wait.
""",
    "model_errs": """People who work with its answers notice first, or the portal does; the model owner decides.

- [ ] Compare the inputs of the last weeks with those of the training: which figures have moved?
- [ ] Take twenty wrong answers and look at them with somebody who knows the matter.
- [ ] Decide: go back to the version before, train again, or wait; write down why.
- [ ] Tell the product owner what users get until then.
""",
    "rollback": """The version before stays installed; going back takes five minutes.

- [ ] Start the version before beside the present one and ask both the same ten rows.
- [ ] Point the address to it, and record the deployment in the portal.
""",
    "retrain": """On the labels of the last six months; the new version must be better on the newest four weeks.

- [ ] Take the labels, leave the newest four weeks out.
- [ ] Train, and compare with the present version on what was left out.
- [ ] Have the model owner approve it, deploy, and record the run in the portal.
""",
    "alert_reached": """A figure left its band. Nothing has to be decided in the first ten minutes.

- [ ] Acknowledge, so that others know that you are on it.
- [ ] Read the sentence of the alert: which figure, since when?
- [ ] If a field or the feed is named, call the data owner; else the model owner.
""",
}

ANSWERS = {
    "data_received": (
        "From one feed, row by row on request, as numbers with the columns of its contract; never older than an "
        "hour. Live rows are noisier than those of the training, which the log shows by day."
    ),
    "quality_monitored": (
        "Outcomes come days later into a file; the portal joins them by id and computes accuracy for each day. It "
        "compares with the test set and tells the model owner when it falls."
    ),
    "baseline": (
        "The experiment's figure on the rows that were held out of training stands as the baseline. The rule that "
        "was used before reaches two thirds of it."
    ),
    "errors": (
        "Those who work with the answers see it first and declare an incident; affected cases are done by hand. "
        "The model owner decides about going back."
    ),
    "retraining": (
        "Every half year, and when its figure has left its band for a week; on the newest labels, compared on "
        "four weeks that were left out. The model owner does it."
    ),
    "feed_unavailable": (
        "Users keep the last prediction for a day, then get none. The portal notices silence, and the data owner "
        "calls the team of the feed."
    ),
    "load": (
        "Five requests a second are expected, fifty were tried in spring; beyond that answers become slow before "
        "any is lost."
    ),
    "anomalous_input": (
        "An empty field is taken to be as usual, a row that does not fit is refused and counted; both are on the "
        "page of the system."
    ),
    "responsible": (
        "The five people whose names stand on the page of the system; on weekends the on-call engineer stands in "
        "for all of them."
    ),
    "phases": (
        "Research and engineering are done and paid; operations has a yearly budget that the product owner "
        "defends each autumn."
    ),
}
