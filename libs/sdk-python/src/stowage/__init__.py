"""The client of the Stowage API, for programs with asyncio (`AsyncStowage`) and without (`Stowage`)."""

from .async_client import AsyncStowage as AsyncStowage
from .async_event_stream import AsyncEventStream as AsyncEventStream
from .client import Stowage as Stowage
from .codec import UNSET as UNSET
from .codec import Model as Model
from .codec import Unset as Unset
from .credentials import TokenPair as TokenPair
from .errors import ProblemError as ProblemError
from .errors import StowageError as StowageError
from .errors import UnexpectedAnswerError as UnexpectedAnswerError
from .event_stream import EventStream as EventStream
from .generated.models import *
from .messages import BEGINNING as BEGINNING
from .pages import every_item as every_item
from .pages import every_item_async as every_item_async
