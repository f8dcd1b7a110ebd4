"""The conventions of the API, in one place: errors, doors, paging, versions, repeated requests. Knows no app."""
