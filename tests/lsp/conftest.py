import pytest
from tests.lsp.editor import start


@pytest.fixture
def workspace(tmp_path):
    """A folder that is searched for a policy no further up."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / ".git").mkdir()
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
