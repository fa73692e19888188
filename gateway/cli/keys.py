"""`gateway keys`: the hub's own key, and the keys of secret letters."""

import typer

from gateway.cli import keys_secrecy

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(
    keys_secrecy.app,
    name="secrecy",
    help="กุญแจของหนังสือลับ / The keys of secret letters.",
)


@app.callback()
def keys() -> None:
    """กุญแจ / Keys."""
