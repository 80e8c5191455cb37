"""Takes README's picture of the page anew: `python tests/picture.py`."""

from pathlib import Path
from tempfile import TemporaryDirectory

from selenium.webdriver.common.by import By

from support import scripts
from support.browsing import Page, running_browser
from support.running_backend import backend_before
from support.running_page import running_page
from support.stub_model import StubModel

PICTURE = Path(__file__).parents[1] / ".github" / "page.png"
EARLIER = [
    "What to plant on a balcony that faces north",
    "A letter to the landlord about the heating",
    "Why is my SQL query slow?",
    "Three days in Ljubljana with a child",
    "Explain entropy to a cook",
]
QUESTION = "How fast does money grow at 5 % a year? Show it in Python too."
ANSWER = r"""It grows by the same *factor* each year, so \( c_n = c_0 \cdot 1.05^n \). $100 double in about 14 years:

$$n = \frac{\ln 2}{\ln 1.05} \approx 14.2$$

| Years | Value of $100 | Of it, interest |
|------:|--------------:|----------------:|
| 1     | $105.00       | $5.00           |
| 5     | $127.63       | $27.63          |
| 14    | $197.99       | $97.99          |

```python
def grown(money: float, years: int, rate: float = 0.05) -> float:
    return round(money * (1 + rate) ** years, 2)  # grown(100, 14) == 197.99
```
"""


def main() -> None:
    """Ask a scripted model a few questions, and keep what the window shows of the last."""
    with TemporaryDirectory() as folder, StubModel() as model:
        model.listing = scripts.listing("qwen3-32b")
        with backend_before(model, Path(folder) / "data", model_name="qwen3-32b") as backend:
            for question in EARLIER:
                backend.client.ask(question, store=True)
            with running_page(backend.url) as port, running_browser(Path(folder) / "b", Path(folder)) as browser:
                page = Page(browser, port)
                page.open()
                model.next(scripts.answer(ANSWER, usage=False))
                page.ask(QUESTION)
                page.wait_for_answer("Years")
                page.wait_for_answer("qwen3-32b ·")
                browser.set_window_size(1280, 940)
                page.wait_until(lambda it: not it.find_elements(By.CSS_SELECTOR, ".to-end.wanted"), "the whole answer")
                PICTURE.parent.mkdir(exist_ok=True)
                browser.save_screenshot(str(PICTURE))


if __name__ == "__main__":
    main()
