import pytest
from tests.lsp.editor import start


@pytest.fixture
def workspace(tmp_path):
    """A folder that is searched for a policy no further up."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / ".git").mkdir()
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder for one editor that serves all tests of a module, as a server takes its time to start."""
    folder = tmp_path_factory.mktemp("root")
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def module_folder(root):
    """A Terraform module of its own for each of these tests."""
    folder = root / str(len([*root.iterdir()]))
    folder.mkdir()
    return folder


@pytest.fixture
async def start_editor():
    """Starts editors, and says goodbye for them."""
    started = []

    async def start_one(*arguments, **options):
        started.append(await start(*arguments, **options))
        return started[-1]

    yield start_one
    for editor in started:
        await editor.stop()
