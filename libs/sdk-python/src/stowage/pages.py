"""Lists as iterators, which read page after page as they are needed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class PageOf(Protocol[T_co]):
    """One page of a list of the API."""

    @property
    def items(self) -> Sequence[T_co]:
        """The items of this page."""
        ...

    @property
    def next_cursor(self) -> str | None:
        """What the next page is asked for with; None on the last page."""
        ...


def every_item(list_page: Callable[[str | None], PageOf[T]]) -> Iterator[T]:
    """Yields every item of a list; `list_page` reads the page of a cursor."""
    cursor: str | None = None
    while True:
        page = list_page(cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


async def every_item_async(list_page: Callable[[str | None], Awaitable[PageOf[T]]]) -> AsyncIterator[T]:
    """Yields every item of a list; `list_page` reads the page of a cursor."""
    cursor: str | None = None
    while True:
        page = await list_page(cursor)
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return
