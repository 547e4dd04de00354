"""The look at a page notices what is wrong with it: otherwise finding nothing would say nothing."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.walk.looking import look_at
from tests.walk.scene import Scene
from tests.walk.visits import see

PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>a {{ color: #0645ad }} :focus-visible {{ outline: 3px solid }}</style></head>
<body><main><h1>A page</h1>{content}</main></body></html>"""


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ('<p style="color: #999">Hard to read</p>', "color-contrast"),
        ('<input name="phone">', "label at input"),
        ("<h4>Too deep</h4>", "heading-order"),
        ('<div style="width: 500px">Wide</div>', "reaches"),
        ('<div style="width: 21rem">Wide when letters are large</div>', "large letters"),
        ('<a href="/" style="outline: none">Go</a>', "shows no focus"),
        (
            '<a href="/">Under</a><div style="position: fixed; inset: 0; background: #fff">Over</div>',
            "when it has the focus",
        ),
        (
            '<button style="width:9px;height:9px;padding:0" aria-label="a"></button>'
            '<button style="width:9px;height:9px;padding:0" aria-label="b"></button>',
            "target-size",
        ),
    ],
)
async def test_what_is_wrong_is_noticed(scene: Scene, content: str, finding: str) -> None:
    page = await opened(scene, content)
    found = await look_at(page, see("/"))
    assert any(finding in one for one in found), found
    await page.close()


async def test_a_good_page_is_left_in_peace(scene: Scene) -> None:
    page = await opened(scene, '<p>Good</p><a href="/">Go on</a>')
    assert await look_at(page, see("/")) == []
    await page.close()


async def opened(scene: Scene, content: str) -> Page:
    page = await (await scene.context("nobody")).new_page()
    await page.set_content(PAGE.format(content=content))
    return page
