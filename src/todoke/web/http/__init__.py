"""What every page and door needs of HTTP. Nothing here knows forms or stores."""
