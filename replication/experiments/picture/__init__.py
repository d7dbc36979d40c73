"""The picture of page 364: when a change of the visible-to-hidden weights alone helps."""
