"""What may be wrong outside the configuration: `look_*` find facts, `judge_*` say what they mean."""
