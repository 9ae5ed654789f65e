"""The frame around the pages: shared widgets, components drawn in the browser, and the services behind them."""
