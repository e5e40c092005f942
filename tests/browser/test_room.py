"""The room in a real browser: saving that never lies, the clock, the keyboard, and life without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.browser.room_fixtures import Scene

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

SAVED = "Saved"
NOT_SAVED = re.compile("Not saved yet")


def option(page: Page, letter: str) -> Locator:
    return page.locator(f'input[name="choice"][value="{letter}"]')


def choose(page: Page, letter: str) -> None:
    page.locator(f'[data-option="{letter}"] label').click()


def expect_state(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.locator("[data-save-state]")).to_have_text(text)


def test_a_choice_is_saved_at_once_and_survives_a_reload(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    choose(page, "B")
    expect_state(page, SAVED)
    assert scene.choices(token) == ["B"]
    expect(page).to_have_title(re.compile("^Question 1 of 4 - answered - "))
    page.reload()
    expect(option(page, "B")).to_be_checked()
    page.get_by_role("button", name="Clear answer").click()
    expect_state(page, SAVED)
    expect(page).to_have_title(re.compile("unanswered"))
    page.reload()
    expect(option(page, "B")).not_to_be_checked()


def test_saved_is_not_shown_before_the_server_has_acknowledged(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    held: list[Route] = []
    page.route("**/events", lambda route: held.append(route))
    choose(page, "B")
    expect_state(page, "Saving…")
    page.wait_for_timeout(300)
    expect_state(page, "Saving…")
    assert scene.choices(token) == []
    held[0].continue_()
    expect_state(page, SAVED)


def test_the_word_saved_is_for_the_value_shown_not_for_an_earlier_one(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    held: list[Route] = []
    page.route("**/events", lambda route: held.append(route))
    choose(page, "B")
    choose(page, "C")
    page.wait_for_timeout(100)
    assert len(held) == 1, "one request in flight an item"
    held[0].continue_()
    page.wait_for_function("performance.now() > 0")
    page.wait_for_timeout(400)
    expect_state(page, "Saving…")
    expect(option(page, "C")).to_be_checked()
    held[1].continue_()
    expect_state(page, SAVED)
    assert scene.choices(token) == ["B", "C"]


def test_what_is_chosen_offline_survives_a_reload_and_arrives_once_when_back_online(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.context.set_offline(True)
    choose(page, "D")
    expect_state(page, NOT_SAVED)
    assert scene.choices(token) == []
    with pytest.raises(Error):
        page.reload()
    context = page.context
    page.close()  # Chromium would load its error page anew by itself, and send before we look
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{scene.address}/blocks/{token}/1")
    expect_state(page, SAVED)
    expect(option(page, "D")).to_be_checked()
    assert scene.choices(token) == ["D"]


def test_it_also_arrives_without_a_reload_and_without_being_touched(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.context.set_offline(True)
    choose(page, "A")
    choose(page, "B")
    expect_state(page, NOT_SAVED)
    page.context.set_offline(False)
    expect_state(page, SAVED)
    assert scene.choices(token) == ["A", "B"]


def test_a_failing_server_is_asked_again_and_a_reload_shows_what_waits(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.route("**/events", lambda route: route.fulfill(status=503, body="{}"))
    choose(page, "C")
    expect_state(page, NOT_SAVED)
    page.reload()
    expect(option(page, "C")).to_be_checked()
    expect_state(page, NOT_SAVED)
    page.unroute("**/events")
    expect_state(page, SAVED)
    assert scene.choices(token) == ["C"]


def test_a_lost_reply_does_not_record_the_answer_twice(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/events", lose)
    choose(page, "B")
    expect_state(page, SAVED)
    assert lost == [200]
    assert scene.choices(token) == ["B"]


def test_a_page_with_an_old_form_token_gets_the_new_one_and_saves(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    scene.sign_in(page.context)  # another sign-in, whose token the page does not know
    choose(page, "B")
    expect_state(page, SAVED)
    assert scene.choices(token) == ["B"]


def test_signed_out_the_page_says_so_and_sends_after_the_next_sign_in(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.context.clear_cookies()
    choose(page, "B")
    expect_state(page, re.compile("you are signed out"))
    scene.sign_in(page.context)
    expect_state(page, SAVED)
    assert scene.choices(token) == ["B"]


def test_moving_on_is_held_back_while_an_answer_cannot_be_sent(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.context.set_offline(True)
    choose(page, "B")
    page.get_by_role("button", name="Next").first.click()
    expect(page.locator("[data-notice]")).to_contain_text("no connection")
    assert page.url.endswith("/1")
    page.context.set_offline(False)
    expect_state(page, SAVED)
    page.get_by_role("button", name="Next").first.click()
    page.wait_for_url("**/2")


def test_leaving_at_once_after_a_choice_still_delivers_it(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    choose(page, "B")
    page.goto(f"{scene.address}/blocks/{token}/2")
    expect(option(page, "A")).to_be_visible()
    page.wait_for_timeout(500)
    assert scene.choices(token) == ["B"]


def test_the_back_button_neither_ends_the_block_nor_loses_an_answer(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    choose(page, "B")
    page.get_by_role("button", name="Next").first.click()
    page.wait_for_url("**/2")
    choose(page, "C")
    expect_state(page, SAVED)
    page.go_back()
    page.wait_for_url("**/1")
    expect(option(page, "B")).to_be_checked()
    page.go_forward()
    expect(option(page, "C")).to_be_checked()
    assert scene.state(token).state == "open"


def test_two_tabs_the_last_answer_wins_and_both_are_logged(scene: Scene) -> None:
    token = scene.block()
    context = scene.context()
    one, two = scene.open(token, context=context), scene.open(token, context=context)
    choose(one, "A")
    expect_state(one, SAVED)
    choose(two, "B")
    expect_state(two, SAVED)
    assert scene.choices(token) == ["A", "B"]
    one.reload()
    expect(option(one, "B")).to_be_checked()


def test_arrows_in_the_options_select_and_do_nothing_else(scene: Scene) -> None:
    token = scene.block(feedback="tutor")
    page = scene.open(token)
    option(page, "A").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(option(page, "C")).to_be_checked()
    expect_state(page, SAVED)
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.url.endswith("/1")
    expect(page.locator("#explanation")).to_have_count(0)


def test_a_block_goes_from_start_to_result_by_keyboard_alone(scene: Scene) -> None:
    page = scene.context().new_page()
    page.goto(f"{scene.address}/practise")
    page.locator("#count").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    tab_to(page, "Start block")
    page.keyboard.press("Enter")
    page.wait_for_url("**/blocks/*/1")
    page.keyboard.press("b")
    expect(option(page, "B")).to_be_checked()
    page.keyboard.press("Shift+C")
    expect(page.locator('[data-strike="C"]')).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("m")
    expect(page.locator("[data-mark]").first).to_have_attribute("aria-pressed", "true")
    expect_state(page, SAVED)
    page.keyboard.press("n")
    page.wait_for_url("**/2")
    page.keyboard.press("p")
    page.wait_for_url("**/1")
    expect(option(page, "B")).to_be_checked()
    expect(page.locator('[data-strike="C"]')).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    page.wait_for_selector("#explanation")
    page.wait_for_load_state("load")
    page.keyboard.press("n")
    page.wait_for_url("**/2")
    page.keyboard.press("?")
    expect(page.locator("[data-help]")).to_be_visible()
    page.keyboard.press("a")
    expect(option(page, "A")).not_to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.wait_for_url("**/review")
    tab_to(page, "End block")
    page.keyboard.press("Enter")
    page.wait_for_url("**/end")
    tab_to(page, "End the block")
    page.keyboard.press("Enter")
    page.wait_for_url("**/result")


def tab_to(page: Page, name: str, limit: int = 150) -> None:
    for _ in range(limit):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"{name!r} is not reached by Tab")


def test_shortcuts_can_be_switched_off(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.keyboard.press("?")
    page.get_by_label("Use single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.wait_for_timeout(200)
    expect(option(page, "B")).not_to_be_checked()
    page.reload()
    page.keyboard.press("b")
    page.wait_for_timeout(200)
    expect(option(page, "B")).not_to_be_checked()


def test_letters_typed_into_a_note_choose_nothing_and_the_note_is_kept(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.locator("[data-note-panel] summary").click()
    page.locator("[data-note]").press_sequentially("abc because")
    page.locator("[data-note]").blur()
    expect_state(page, SAVED)
    expect(option(page, "A")).not_to_be_checked()
    page.reload()
    expect(page.locator("[data-note]")).to_have_value("abc because")


def test_submitting_in_tutor_feedback_opens_the_explanation_and_is_final(scene: Scene) -> None:
    token = scene.block(feedback="tutor")
    page = scene.open(token)
    page.get_by_role("button", name="Submit answer").click()
    expect(page.locator("[data-notice]")).to_contain_text("Choose an option first")
    choose(page, "B")
    page.get_by_role("button", name="Submit answer").click()
    expect(page.locator("#explanation")).to_be_visible()
    page.wait_for_load_state("load")
    expect(option(page, "A")).to_have_count(0)
    expect(page).to_have_title(re.compile("- answered -"))
    page.keyboard.press("m")
    expect_state(page, SAVED)
    expect(page).to_have_title(re.compile("- answered -"))
    expect(page.locator('[data-square="1"]')).to_have_class(re.compile("is-answered"))


def test_without_scripts_the_same_page_works_by_its_buttons(scene: Scene) -> None:
    token = scene.block(feedback="tutor")
    page = scene.open(token, context=scene.context(java_script_enabled=False))
    choose(page, "B")
    page.get_by_role("button", name="Next").first.click()
    page.get_by_role("button", name="Previous").first.click()
    expect(option(page, "B")).to_be_checked()
    page.get_by_role("button", name="Submit answer").click()
    expect(page.locator("#explanation")).to_be_visible()


def test_builder_counts_follow_the_choices(scene: Scene) -> None:
    page = scene.context().new_page()
    page.goto(f"{scene.address}/practise")
    expect(page.locator("[data-total]")).to_have_text("6")
    expect(page.get_by_role("button", name="Update counts")).to_be_hidden()
    page.get_by_label("Endocrine").check()
    expect(page.locator("[data-total]")).to_have_text("3")
    page.get_by_label("Timed", exact=True).check()
    page.get_by_label("Number of items").fill("3")
    expect(page.locator("[data-limit]")).to_have_text("3 items × 90 s = 4 min 30 s")
