"""What looks wrong across weeks and between text and pictures: pure rules over issues that are already read."""
