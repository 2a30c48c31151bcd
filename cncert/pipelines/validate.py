"""Validates an issue against the model: errors reject it with a reason that is kept, doubts become warnings."""

from datetime import UTC, datetime

from itemadapter import ItemAdapter
from pydantic import ValidationError
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from cncert.exceptions import StoreError
from cncert.extensions.run_recorder import RunRecorder
from cncert.items import Doubt, Issue
from cncert.ledger.article_rows import Ledger
from cncert.store.records import Reject, State
from cncert.wechat.address import ArticleKey, biz_number


class ValidatePipeline:
    """What passes is an :class:`Issue` in every field; what does not stays in the store as a reject."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "ValidatePipeline":
        return cls(crawler)

    async def process_item(self, item: Issue) -> Issue:
        """Raises DropItem for an item that breaks the model; the reject is in the store by then."""
        try:
            issue = validated(item)
        except ValidationError as error:
            reason = describe(error)
            self.crawler.stats.inc_value("cncert/rejected/invalid")
            await self._keep(item, reason)
            raise DropItem(f"invalid: {reason}") from None
        for warning in issue.warnings:
            self.crawler.stats.inc_value(f"cncert/warnings/{warning.code}")
        return issue

    async def _keep(self, item: Issue, reason: str) -> None:
        run = RunRecorder.of(self.crawler)
        if run.record is not None:
            run.record.rejected.append(item.id)
        ident = article_id(item)
        try:
            await run.store.put_reject(
                Reject(
                    id=ident,
                    issue=item.id,
                    reason=reason,
                    address=item.article.url,
                    rejected_at=datetime.now(UTC),
                    document=item.model_dump(warnings="none"),
                )
            )
            await Ledger(run.store).settle(ident, State.REJECTED, f"invalid: {reason}", url=item.provenance.address)
        except StoreError as error:
            await run.stop(error)


def validated(item: Issue) -> Issue:
    """*item* checked field by field, with a warning for each picture that is not there. Raises ValidationError."""
    issue = Issue.model_validate(ItemAdapter(item).asdict())
    lost = [
        Doubt(code="picture_missing", message=f"{picture.role} picture {picture.key}: {picture.status}")
        for picture in issue.images
        if picture.status not in ("stored", "pending")
    ]
    kept = [warning for warning in issue.warnings if warning.code != "picture_missing"]
    return issue.model_copy(update={"warnings": kept + lost})


def describe(error: ValidationError) -> str:
    """The first problem, and how many more there are, on one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}{more}"


def article_id(issue: Issue) -> str:
    """The ledger id of the article that *issue* was read from."""
    biz, article = biz_number(issue.account.biz or ""), issue.article
    if biz is None or article.mid is None or article.idx is None:
        return f"issue-{issue.id}"
    return str(ArticleKey(biz, article.mid, article.idx))
