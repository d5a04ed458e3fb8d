"""A plugin in C that makes images of hills, and misbehaves as its model's settings tell."""
import subprocess

import pytest

from conftest import ROOT

SOURCE = ROOT / "Tests/Support/Plugins/painter.c"


def hills(name="hills", lines="", **settings):
    """A model of images; needs `plugin` among the plugins."""
    told = ", ".join(f'{key} = "{value}"' for key, value in settings.items())
    return f'[[models]]\nname = "{name}"\nplugin = "painter"\nsettings = {{ {told} }}\n{lines}\n'


def plugin(library):
    return f'[plugins.painter]\nlibrary = "{library}"\n'


@pytest.fixture(scope="session")
def painter(tmp_path_factory):
    """The `[plugins.painter]` of a configuration."""
    library = tmp_path_factory.mktemp("painter") / "libPainter.so"
    subprocess.run(
        ["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden",
         "-I", ROOT / "Sources/PluginABI/include",
         f"-Wl,--version-script={ROOT}/Plugins/exports.map", "-o", library, SOURCE, "-lm"], check=True)
    return plugin(library)
