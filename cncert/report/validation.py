"""Validates an issue against its model."""

from pydantic import ValidationError

from cncert.items import Issue, IssueWarning


def validate_issue(issue: Issue) -> Issue:
    """Return *issue* checked field by field, with a warning for each picture that is missing.

    An issue is built unchecked while its page is read. Raises ValidationError.
    """
    issue = Issue.model_validate(issue.model_dump(warnings=False))
    missing = [
        IssueWarning(code="picture_missing", message=f"{picture.role} picture {picture.key}: {picture.status}")
        for picture in issue.images
        if picture.status not in ("stored", "pending")
    ]
    others = [warning for warning in issue.warnings if warning.code != "picture_missing"]
    return issue.model_copy(update={"warnings": others + missing})


def first_problem(error: ValidationError) -> str:
    """Return the first problem of *error* and how many more there are, on one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}{more}"
