"""The HTML report and the PNG plots of a study."""
