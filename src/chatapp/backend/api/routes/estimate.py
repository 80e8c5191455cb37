"""What a question would take, before it is asked."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request

from chatapp.backend.api.dependencies import ERRORS
from chatapp.backend.api.routes.query import question_in
from chatapp.backend.http.bodies import BoundedJsonRoute
from chatapp.backend.models.chat_model import TokenUsage
from chatapp.backend.turns.estimate import likely_usage
from chatapp.protocol.money import dollars
from chatapp.protocol.schemas.estimate import EstimateOut, EstimateRequest

router = APIRouter(route_class=BoundedJsonRoute, tags=["ask"])


@router.post("/query/estimate", summary="Tell what a question would take", responses=ERRORS)
async def estimate(request: Request, query: EstimateRequest) -> EstimateOut:
    """Tell what would go along with a question, what that costs, and what would find no room. Nothing is asked."""
    state = request.app.state
    seen = await state.turns.preview(await question_in(request, query))
    tokens = likely_usage(seen.request).prompt_tokens
    there = state.model.destinations(seen.model)[0]
    cost, source = state.pricer.price(
        TokenUsage(tokens, 0, tokens),
        connection=there.connection,
        models=(there.model,),
        when=datetime.now(UTC),
        request=seen.request,
    )
    return EstimateOut(
        model=seen.model,
        messages=sum(message.role != "system" for message in seen.request.messages),
        left_out=seen.left_out,
        summarised=seen.summarised,
        prompt_tokens=tokens,
        window=seen.window,
        share=round(tokens / seen.window, 4) if seen.window else None,
        cost=None if cost is None else dollars(cost),
        price_source=source,
        notices=seen.notices,
    )
