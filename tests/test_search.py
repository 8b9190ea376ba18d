"""The search box, asked as readers ask: what has to come in the first three pages, and what is loaded before and after.

The questions are from issue trackers and forums. What answers each was written down before any engine was asked.
"""

import json

from tests.conftest import Server

Q, W, F = "questions/#", "ways-to-initialize-weights/#", "what-your-framework-does/"
ASKED = {
    "xavier": {"glossary/#xavier", W + "glorot", "glossary/#glorots-scale"},
    "kaiming": {"glossary/#kaiming", W + "he", "glossary/#hes-scale"},
    "he initialization": {W + "he", "glossary/#hes-scale"},
    "kaiming_normal_": {W + "he", "reference/#wi_docs.nn.initializers.he_normal", F + "#one-name-two-laws",
        F + "#what-the-default-does-to-your-network"},
    "xavier_uniform": {W + "glorot", "reference/#wi_docs.nn.initializers.glorot_uniform"},
    "kaiming_uniform_ a=sqrt(5)": {Q + "why-asqrt5", F + "#the-story-of-the-root-of-five"},
    "why sqrt 5": {Q + "why-asqrt5", F + "#the-story-of-the-root-of-five"},
    "relu gain": {"which-gain/", "which-gain/#the-table", W + "he"},
    "calculate_gain": {"which-gain/"},
    "gelu": {"which-gain/#why-gelu-does-not-forgive"},
    "swish gain": {"which-gain/", "which-gain/#the-table", "which-gain/#why-gelu-does-not-forgive"},
    "tanh 5/3": {"which-gain/#where-53-comes-from"},
    "selu": {W + "lecun", "predicted/#selu-in-pytorch", "which-gain/#where-34-comes-from"},
    "sigmoid gain": {Q + "why-has-the-sigmoid-a-gain-of-1"},
    "GPT-2": {Q + "what-is-n-in-gpt-2s-1n", "residual-networks/#small-branches"},
    "gpt2 residual scaling": {
        Q + "what-is-n-in-gpt-2s-1n", "residual-networks/#small-branches",
        "reference/#wi_docs.nn.initializers.gpt2_residual",
    },
    "layer norm transformer": {
        Q + "we-normalize-so-why-scale-the-weights", "residual-networks/#normalization-inside-or-after",
    },
    "dead relu": {Q + "how-many-dead-units-are-normal", "diagnose/#how-many-dead-units", "glossary/#dead-unit"},
    "dying relu": {Q + "how-many-dead-units-are-normal", "diagnose/#how-many-dead-units", "glossary/#dead-unit"},
    "saturated sigmoid units": {Q + "how-many-saturated-units-are-normal", "diagnose/#how-much-saturation"},
    "adam": {"residual-networks/#width-maximal-update", "reference-training/#wi_docs.experiments.training.Adam"},
    "conv2d": {Q + "what-is-the-fan-in-of-my-layer", F},
    "depthwise convolution": {Q + "what-is-the-fan-in-of-my-layer", F + "#what-is-counted-and-what-should-be"},
    "fan_in": {"glossary/#fan-in", Q + "what-is-the-fan-in-of-my-layer"},
    "fan-out": {"glossary/#fan-out"},
    "nan loss": {"exploding-gradients/", "exploding-gradients/#clipping", Q + "why-is-my-first-loss-so-large"},
    "loss too high at start": {Q + "why-is-my-first-loss-so-large"},
    "embedding std 0.02": {Q + "why-is-my-first-loss-so-large"},
    "lstm forget bias": {Q + "what-should-the-forget-gates-bias-be", "recurrent-networks/#the-forget-gate"},
    "initialise weights to zero": {
        "weight-initialization/#initializing-to-0-or-constant", Q + "i-thought-zero-was-a-pitfall-what-am-i-missing",
    },
    "symmetry breaking": {"weight-initialization/#what-breaks-the-symmetry"},
    "pytorch default": {
        Q + "what-does-pytorchs-default-do-to-my-network", Q + "will-pytorchs-default-change",
        F + "#what-the-default-does-to-your-network",
    },
    "nn.Linear": {F, F + "#what-the-default-does-to-your-network", "reference/#wi_docs.nn.initializers.pytorch_linear"},
    "tensorflow": {F, "reference/#wi_docs.nn.initializers.keras_dense"},
    "keras": {F, "reference/#wi_docs.nn.initializers.keras_dense"},
    "truncated normal 0.8796": {Q + "truncated-normals-divide-by-08796-or-not", F + "#one-name-two-laws"},
    "batchnorm": {
        "residual-networks/#batch-normalization-explodes",
        Q + "which-gain-for-a-convolution-with-a-batch-norm-and-a-leaky-relu-after-it",
    },
    "dropout": {"weight-initialization/#what-breaks-the-symmetry", W + "zeros-and-constants"},
    "vanishing gradient": {"vanishing-gradients/"},
    "exploding gradient": {"exploding-gradients/"},
    "gradient clipping": {"exploding-gradients/#clipping"},
    "orthogonal init": {W + "orthogonal", "recurrent-networks/#orthogonal"},
    "LSUV": {W + "lsuv"},
    "mup": {"residual-networks/#width-maximal-update", "glossary/#maximal-update"},
    "fixup": {"residual-networks/#zero-branches-fixup"},
    "-2.19": {Q + "what-is-219"},
    "focal loss prior bias": {Q + "what-is-219"},
    "edge of chaos": {"edge-of-chaos/", "glossary/#edge-of-chaos"},
    "spectral radius": {"glossary/#spectral-radius", "exploding-gradients/#in-recurrent-neural-networks"},
    "std or variance": {Q + "is-it-a-variance-or-a-standard-deviation"},
    "which initialization should I use": {W + "in-a-hurry", W + "how-to-choose"},
    "install": {"install/"},
    "safetensors": {"diagnose/#a-file-of-weights", "reference-diagnosis/#wi_docs.diagnosis.weights.safetensors"},
}  # fmt: skip

# Types into the box, and returns what the list shows without unfolding, page by page: addresses and words.
ASK = """
  const box = document.querySelector(".md-search__input"), meta = document.querySelector(".md-search-result__meta")
  const type = words => { box.value = words; box.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true })) }
  const until = async test => { for (let n = 0; n < 1200 && !test(); n++) await new Promise(r => setTimeout(r, 5)) }
  const found = {}
  // Opens the search as its box does when it is entered; Firefox says nothing of that in a window that is not in front.
  const toggle = document.querySelector("#__search")
  if (!toggle.checked) toggle.click()
  for (const words of ASKED) {
    type("")
    await until(() => meta.textContent === EMPTY)
    type(words)
    await until(() => meta.textContent !== EMPTY)
    found[words] = [...document.querySelectorAll(".md-search-result__item")].map(item =>
      [...item.querySelectorAll(":scope > a")].map(a => [a.href, a.innerText]))
  }
  return found
"""


def ask(driver, address, questions):
    """Return for each question the shown results, page by page, as pairs of place and words."""
    script = ASK.replace("ASKED", repr(list(questions))).replace("EMPTY", '"Type to start searching"')
    found = driver.run(script)
    return {
        words: [[(link.removeprefix(address), said) for link, said in page] for page in pages]
        for words, pages in found.items()
    }


def rank(pages, wanted):
    """Return the place of the first page that shows one of the wanted addresses, from 1, or None."""
    return next((n for n, page in enumerate(pages, 1) if {link for link, _ in page} & wanted), None)


def test_what_readers_type_finds_what_answers_it(either, address, site):
    places = {entry["location"] for entry in json.loads((site / "search" / "index.json").read_text(encoding="utf-8"))}
    assert not set().union(*ASKED.values()) - places, "an answer that no page has"
    either.show(address + "glossary/", 1280, 900)
    found = ask(either, address, ASKED)
    missed = {words: rank(found[words], wanted) for words, wanted in ASKED.items()}
    assert not {words: place for words, place in missed.items() if place is None or place > 3}


def test_what_is_shown_says_what_the_page_is_about(either, address):
    either.show(address + "glossary/", 1280, 900)
    found = ask(either, address, ["vanishing gradients", "xavier", "which gain"])
    said = {link: words for pages in found.values() for page in pages for link, words in page}
    assert not [link for link, words in said.items() if "Python runs" in words or "Run all" in words]
    described = either.run(f"return (await (await fetch('{address}which-gain/')).text())"
                           ".match(/name=\"description\" content=\"(.{40})/)[1]")  # fmt: skip
    assert described in " ".join(said["which-gain/"].split())
    assert "Glorot" in said["glossary/#xavier"]


def test_results_do_not_have_the_number_of_the_chapter_that_is_read(either, address):
    either.show(address + "residual-networks/", 1280, 900)
    assert ask(either, address, ["xavier"])["xavier"]
    number = "getComputedStyle(heading, '::before').content"
    assert "section" in either.run(f"const heading = document.querySelector('main h2'); return {number}")
    results = either.run(
        f"return [...document.querySelectorAll('.md-search-result :is(h1, h2)')].map(heading => {number})"
    )
    assert set(results) == {"none"}


def test_a_hyphen_or_an_underscore_does_not_make_noise(either, address):
    either.show(address + "glossary/", 1280, 900)
    found = ask(either, address, ["GPT-2", "fan-in", "fan_in", "fanin", "he_normal", "he-normal"])
    assert found["fan-in"] == found["fan_in"]
    assert found["fan-in"][0] == found["fanin"][0]
    assert found["he_normal"] == found["he-normal"]
    # Every page with a 2 was found for GPT-2, and every page with the word "in" for fan-in.
    assert all("gpt" in words.casefold() for page in found["GPT-2"][:3] for link, words in page if "#" in link)
    assert len(found["GPT-2"]) < 12


def test_the_index_and_its_engine_come_with_the_first_use(either, address):
    Server.asked.clear()
    either.show(address + "weight-initialization/", 1280, 900)
    either.run("await new Promise(r => setTimeout(r, 1500))")
    # What the budget of a first load counts: test_site.py.
    assert {path for path in Server.asked if "search" in path} == {"/assets/js/search.js", "/search/search_index.json"}
    # Not by `focus()`: Firefox says nothing of it in a window that is not in front.
    enter = "document.querySelector('.md-search__input').dispatchEvent(new FocusEvent('focus'))"
    either.run(f"{enter}; await new Promise(r => setTimeout(r, 1500))")
    assert {"/search/index.json", "/assets/vendor/search.js"} <= set(Server.asked)
    assert ask(either, address, ["adam"])["adam"]


def test_an_address_can_ask(either, address):
    either.show(address + "?q=xavier", 1280, 900)
    shown = "document.querySelectorAll('.md-search-result__item').length"
    assert either.run(
        f"for (let n = 0; n < 600 && !{shown}; n++) await new Promise(r => setTimeout(r, 5)); return {shown}"
    )
