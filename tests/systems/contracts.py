"""A contract for tests, of which single lines are replaced."""

CONTRACT = """# As agreed in spring.
apiVersion: v3.1.0
kind: DataContract
id: customer-events
name: Customer events
version: 1.0.0
status: active
schema:
  - name: events
    properties:
      - name: customer_id
        logicalType: string
        required: true
        description: Who it is about.
      - name: amount
        logicalType: number
        quality:
          - metric: nullValues
            mustBe: 0
slaProperties:
  - {property: latency, value: 4, unit: h, element: events.amount}
team:
  members: [{username: viewer, role: owner}]
somethingElse: {kept: as it came}
"""
PROPOSED = CONTRACT.replace("status: active", "status: proposed").replace("amount", "value")
