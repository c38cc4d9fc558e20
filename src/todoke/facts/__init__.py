"""What `todoke doctor` looks at in the world: store, DNS, web, mail service. Facts only; doctor*.py judge them."""
