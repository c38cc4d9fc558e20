"""Verifies the tokens of Turnstile, hCaptcha and reCAPTCHA, which speak one protocol: siteverify."""
