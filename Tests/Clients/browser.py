"""Headless Chromium on the page, and what a person does there."""
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium with its chromedriver on this machine")


class Page:
    """One browser window on the page of a host."""

    def __init__(self, url, width=1280, height=800, scheme="light", has_models=True):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                         "--disable-dev-shm-usage", f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        self.command("Emulation.setDeviceMetricsOverride",
                     width=width, height=height, deviceScaleFactor=1, mobile=width < 700)
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.url = url
        self.driver.get(url)
        if has_models:
            self.wait_for_models()

    def wait_for_models(self):
        self.wait("!document.getElementById('model').disabled && !document.querySelector('main[aria-busy]')",
                  "the models and the conversation are there")

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, expression, what, seconds=60):
        """Until a JavaScript expression is true."""
        try:
            return WebDriverWait(self.driver, seconds, 0.02).until(
                lambda _: self.run(f"return ({expression})"))
        except Exception as error:
            raise AssertionError(f"not within {seconds} s: {what}") from error

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector):
        self.wait(f"document.querySelector({selector!r}) !== null", f"{selector} is there")
        self.run("document.querySelector(arguments[0]).click()", selector)

    def choose(self, model):
        self.run("""const picker = document.getElementById('model');
                    picker.value = arguments[0];
                    picker.dispatchEvent(new Event('change'))""", model)

    def settings(self, **values):
        """Sampling settings as the drawer keeps them; the page reads them when it loads."""
        self.run("localStorage.setItem('roost.settings', JSON.stringify(arguments[0]))", values)
        self.reload()

    def reload(self):
        self.driver.refresh()
        self.wait_for_models()

    def say(self, text):
        draft = self.find("#draft")
        draft.send_keys(text)
        draft.send_keys(Keys.ENTER)

    @property
    def answers(self):
        return self.run("return [...document.querySelectorAll('.assistant .prose')].map(e => e.innerText)")

    @property
    def questions(self):
        return self.run("return [...document.querySelectorAll('.user .bubble')].map(e => e.innerText)")

    def wait_for_answer(self, count=1):
        self.wait(f"document.querySelectorAll('.assistant').length === {count} && !document.querySelector('.writing')",
                  f"answer {count} is complete")

    def console_errors(self):
        return [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    @property
    def overflow(self):
        return self.run("return document.documentElement.scrollWidth - innerWidth")

    def drop(self, name, text):
        """Drops a file on the window, as from a folder."""
        self.run("""const data = new DataTransfer();
                    data.items.add(new File([arguments[1]], arguments[0]));
                    for (const kind of ['dragenter', 'dragover', 'drop'])
                      document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}))""",
                 name, text)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText.trim())", selector)

    def write(self, selector, text):
        """Puts `text` in the place of what a field holds."""
        self.run("""const field = document.querySelector(arguments[0]);
                    field.value = arguments[1];
                    field.dispatchEvent(new Event('input', {bubbles: true}))""", selector, text)

    def press(self, keys):
        self.driver.switch_to.active_element.send_keys(keys)

    def close(self):
        self.driver.quit()
