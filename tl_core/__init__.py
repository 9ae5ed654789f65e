"""What the dashboard knows and does. Nothing in here imports Streamlit; what the pages import does not import torch."""
