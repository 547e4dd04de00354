"""The shapes of what is sent. The routes read it by hand, so that every wrong field is named at once."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from portal.described import words as w


class _Closed(TypedDict):
    """Another field is refused by its name."""

    __pydantic_config__ = w.CLOSED  # type: ignore[misc]


class NewProvider(_Closed):
    name: str
    slug: NotRequired[Annotated[str | None, Field(description="Of the page's address; made of the name otherwise.")]]
    timezone: str


class LeaveWords(_Closed):
    words: NotRequired[Annotated[str | None, Field(description="Shown to those who look for the provider.")]]


class ListedClient(_Closed):
    first_name: str
    last_name: str
    email: w.Address
    phone: NotRequired[str | None]
    external_id: NotRequired[str | None]


class NewClient(ListedClient):
    provider: NotRequired[Annotated[w.Slug, Field(description="May be left out where there is one provider only.")]]


class ContactData(TypedDict):
    """What isn't named stays; null or an empty text takes it away."""

    first_name: NotRequired[str]
    last_name: NotRequired[str]
    preferred_name: NotRequired[str | None]
    pronouns: NotRequired[str | None]
    date_of_birth: NotRequired[w.Day | None]
    phone: NotRequired[str | None]
    preferred_contact: NotRequired[str | None]
    address: NotRequired[dict[str, Any] | None]


class BookForClient(_Closed):
    client_id: str
    starts_at: w.Instant
    type: NotRequired[w.TypeToBook]
    override_reason: NotRequired[str | None]


class ChooseTime(_Closed):
    starts_at: w.Instant


class Book(ChooseTime):
    type: NotRequired[w.TypeToBook]
    quote: NotRequired[Annotated[str | None, Field(description="The reference of the one that was shown.")]]


class Move(ChooseTime):
    override_reason: NotRequired[str | None]


class OtherClient(_Closed):
    client_id: Annotated[str, Field(description="The other one.")]


class SamePerson(OtherClient):
    keep: NotRequired[Annotated[str | None, Field(description="Whose way goes on.")]]


class RefundPayment(_Closed):
    reason: str
    amount_minor: NotRequired[Annotated[int | None, Field(description="Without it all that is left.")]]


class GivenReason(_Closed):
    reason: str


class WaiveFee(_Closed):
    reason: str


class WithReason(_Closed):
    reason: NotRequired[str | None]


class AnswerAttention(_Closed):
    id: NotRequired[Annotated[str | None, Field(description="Which item, where there are several.")]]


class CorrectEmail(AnswerAttention):
    email: w.Address
    send_invitation: NotRequired[bool]


class GivenSignature(_Closed):
    name: str
    consent_sha256: Annotated[str, Field(description="Of the words in `consent`.")]


class WriteIntake(_Closed):
    response: w.QuestionnaireResponse
    submit: NotRequired[bool]
    signature: NotRequired[GivenSignature | None]
    revision: NotRequired[Annotated[int | None, Field(description="The one that was seen.")]]


class Password(_Closed):
    password: str


class SignIn(Password):
    email: w.Address


class AskForAddress(_Closed):
    email: w.Address
    current: Annotated[str, Field(description="The password.")]


class ChangePassword(Password):
    current: str


class Selectable(_Closed):
    selectable: bool


class SubscriptionStatus(_Closed):
    status: w.SubscriptionWord


class MerchantStatus(_Closed):
    status: w.MerchantWord


class Advance(_Closed):
    seconds: Annotated[int, Field(ge=0)]
