"""Upload an export to the Hugging Face hub, by its own client. Needs huggingface_hub, which comes with the extra `hub`.

Nothing is uploaded but on request. The client finds the key itself (`HF_TOKEN`, or what `hf auth login` stored) and the server
in `HF_ENDPOINT`; neither is read, printed or stored here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from self_instruct.records.errors import SelfInstructError, to_install
from self_instruct.reports.writing import ExportError
from self_instruct.settings.secrets import one_line

EXPORT_FILES = ["train.*", "test.*"]  # what an earlier upload may have left, and must not stay beside the new files
_REFUSALS = frozenset({400, 401, 403, 404, 409})


class HubError(SelfInstructError):
    """The hub could not take an upload now; the export is on the disk, and the same command may be given again."""


class HubRepository:
    """A dataset on the hub, by `name` or `owner/name`.

    Raises `ExportError` where the client is not installed, or where no dataset can have that name.
    """

    def __init__(self, name: str) -> None:
        try:
            from huggingface_hub.errors import HFValidationError
            from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, but not in an __all__
        except ImportError:
            needed = to_install("hub")
            raise ExportError(f"uploading needs huggingface_hub, which is not installed: {needed}.") from None
        try:
            validate_repo_id(name)
        except HFValidationError as error:
            raise ExportError(f"{name}: is no name of a dataset; expected OWNER/NAME ({one_line(error)}).") from None
        self.name = name

    def upload(self, folder: Path) -> str:
        """Upload the files of a folder in one commit, and return the address. A new dataset is private.

        Raises `ExportError` where the hub refuses the key or the name, `HubError` where it does not answer.
        """
        from huggingface_hub import HfApi

        api = HfApi()
        with _explained(self.name, folder):
            made = api.create_repo(self.name, repo_type="dataset", private=True, exist_ok=True)
            api.upload_folder(
                repo_id=made.repo_id,
                repo_type="dataset",
                folder_path=folder,
                commit_message="Upload a dataset made with self-instruct",
                delete_patterns=EXPORT_FILES,
            )
        return str(made)


@contextmanager
def _explained(name: str, folder: Path) -> Iterator[None]:
    """Raise what the client reports as one of our errors, in one line."""
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError
    from huggingface_hub.errors import HTTPError as ConnectionFailure  # type: ignore[attr-defined]  # of the client it stands on

    kept = f"the export is in {folder}"
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise ExportError(f"the hub needs a key for {name}: set HF_TOKEN, or run `hf auth login`; {kept}.") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in _REFUSALS:
            raise ExportError(
                f"the hub refuses {name} ({status}): {one_line(error)}; check HF_TOKEN and the name; {kept}."
            ) from error
        raise HubError(f"the hub could not take {name} ({status}): {one_line(error)}; {kept}.") from error
    except (ConnectionFailure, OSError, ValueError) as error:
        raise HubError(f"the hub could not take {name}: {one_line(error)}; {kept}.") from error
